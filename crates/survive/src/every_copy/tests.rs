//! Outputs of several copies.
