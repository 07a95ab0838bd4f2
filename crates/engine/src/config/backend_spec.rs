//! A backend as a word of the command line.

use std::str::FromStr;

use super::address::{Address, AddressError};
use crate::api::{BackendId, MAX_WEIGHT};

/// One BACKEND of the command line: an address, then `,weight=2`, `,name=api`, `,id=7`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendSpec {
    /// Where it is.
    pub address: Address,
    /// Its weight, if given.
    pub weight: Option<u32>,
    /// Its name, if given.
    pub name: Option<String>,
    /// Its id, if given.
    pub id: Option<BackendId>,
}

impl FromStr for BackendSpec {
    type Err = AddressError;

    fn from_str(word: &str) -> Result<Self, AddressError> {
        let error = |why: String| AddressError { word: word.into(), why: why.into() };
        let mut parts = word.split(',');
        let address = parts.next().unwrap_or_default().parse::<Address>().map_err(|e| error(e.why.into_raw()))?;
        let mut spec = BackendSpec { address, weight: None, name: None, id: None };
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
            let number = value.parse::<u32>().ok().filter(|_| digits);
            match key {
                "weight" => {
                    let weight = number.filter(|w| *w <= MAX_WEIGHT);
                    spec.weight = Some(weight.ok_or_else(|| {
                        error(format!("weight is a whole number from 0 to {MAX_WEIGHT}, as in weight=2"))
                    })?);
                }
                "id" => {
                    let id = number.ok_or_else(|| error("id is a whole number, as in id=7".to_owned()))?;
                    spec.id = Some(id.into());
                }
                "name" if !value.is_empty() => spec.name = Some(value.to_owned()),
                "name" => return Err(error("name is not empty, as in name=api".to_owned())),
                _ => return Err(error(format!("'{key}' is not known, write weight=, name= or id="))),
            }
        }
        Ok(spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_carries_weight_name_and_id() {
        let spec: BackendSpec = "5000,weight=2,name=api,id=7".parse().expect("a good spec");
        assert_eq!((spec.weight, spec.name.as_deref(), spec.id), (Some(2), Some("api"), Some(7.into())));
        for bad in
            ["5000,weight=x", "5000,weight=1001", "5000,weight=-1", "5000,wieght=1", "5000,name=", "5000,id=1abc"]
        {
            assert!(bad.parse::<BackendSpec>().is_err(), "{bad}");
        }
    }
}
