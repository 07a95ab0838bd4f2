//! `P`: the screen for a room.
