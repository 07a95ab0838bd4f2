//! Weights in HAProxy's range.

/// The largest weight that HAProxy takes.
const MOST: u32 = 256;

/// What errors of floating point differ by that are the same.
const ROUNDING: f64 = 1e-12;

/// These weights, at most [`MOST`], in shares as near to their own as they can be; and whether they are exactly those.
pub(super) fn scaled(weights: &[u32]) -> (Vec<u32>, bool) {
    let largest = weights.iter().copied().max().unwrap_or_default();
    if largest <= MOST {
        return (weights.to_vec(), true);
    }
    let at = |top: u32| -> Vec<u32> { weights.iter().map(|weight| scale(*weight, top, largest)).collect() };
    let error = |top: u32| -> f64 {
        let off = |(new, old): (u32, &u32)| {
            let wanted = f64::from(*old) * f64::from(top) / f64::from(largest);
            if *old == 0 { 0.0 } else { (f64::from(new) / wanted - 1.0).abs() }
        };
        at(top).into_iter().zip(weights).map(off).fold(0.0, f64::max)
    };
    let mut best = (MOST, error(MOST));
    // The smallest that is as good: weights of 1000 and 500 are 2 and 1.
    for top in (1..MOST).rev() {
        let error = error(top);
        if error <= best.1 + ROUNDING {
            best = (top, error);
        }
    }
    let new = at(best.0);
    let exact = new.iter().zip(weights).all(|(new, old)| new * largest == old * best.0);
    (new, exact)
}

/// One weight where the largest becomes `top`: rounded, and never so small that nothing comes.
fn scale(weight: u32, top: u32, largest: u32) -> u32 {
    if weight == 0 { 0 } else { ((weight * top + largest / 2) / largest).max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_that_fit_stay_as_they_are() {
        assert_eq!(scaled(&[256, 4, 0]), (vec![256, 4, 0], true));
        assert_eq!(scaled(&[]), (vec![], true));
    }

    #[test]
    fn larger_ones_keep_their_shares_as_well_as_can_be() {
        assert_eq!(scaled(&[1000, 500, 0]), (vec![2, 1, 0], true));
        assert_eq!(scaled(&[300, 100, 200]), (vec![3, 1, 2], true));
        assert_eq!(scaled(&[1000, 999]), (vec![1, 1], false));
        assert_eq!(scaled(&[1000, 333, 10]), (vec![201, 67, 2], false));
        assert_eq!(scaled(&[1000, 3]), (vec![256, 1], false));
        assert_eq!(scaled(&[1000, 1]).0, [256, 1]);
    }
}
