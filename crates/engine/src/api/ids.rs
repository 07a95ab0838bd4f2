//! Numbers that name something.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($number:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name($number);

        impl $name {
            /// The one with this number.
            pub const fn new(number: $number) -> Self {
                $name(number)
            }

            /// The number itself.
            pub const fn get(self) -> $number {
                self.0
            }
        }

        impl From<$number> for $name {
            fn from(number: $number) -> Self {
                $name(number)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, ParseIntError> {
                text.parse().map($name)
            }
        }
    };
}

id! {
    /// A backend's id, which no other backend of a balancer has: the value of the sticky cookie and of `x-backend-id`. In JSON
    /// it is a number.
    BackendId(u32)
}

id! {
    /// A request's number, by which its [`Heads`](super::Heads) are found and by which it is sent again. No other request of
    /// a balancer has it; they are not in order, because each worker counts for itself. In JSON it is a number.
    RequestNumber(u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_displayed_parsed_and_in_json_as_itself() {
        let id = BackendId::new(7);
        assert_eq!((format!("{id} {id:>3}"), id.get()), ("7   7".to_owned(), 7));
        assert_eq!("7".parse(), Ok(id));
        assert!("-7".parse::<BackendId>().is_err());
        assert_eq!(serde_json::to_string(&RequestNumber::new(u64::MAX)).expect("JSON"), u64::MAX.to_string());
    }
}
