//! A piece of a body, whatever framed it.

/// A piece of a body. Data comes in any number of pieces; one of the others ends the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'b> {
    /// The body's own bytes, which are some.
    Data(&'b [u8]),
    /// Fields behind the data, a line each, with the empty line that ends them. Those that may not be forwarded are left out.
    Trailers(&'b [u8]),
    /// No fields follow the data.
    End,
}
