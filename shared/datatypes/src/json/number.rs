//! Comparing JSON numbers exactly, from their digits.
//!
//! A number is 0.d₁d₂d₃… × 10^(exponent + shift): the digits are compared one by one and never
//! moved, the exponent is never carried out. So 1e999999999 costs what its eleven bytes cost.

use core::cmp::Ordering;

/// A number in its written parts.
struct Parts<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent_negative: bool,
    /// Without leading zeros.
    exponent: &'a [u8],
    /// How far the first digit stands from the point, where the exponent is 0.
    shift: i128,
}

/// Compares what two checked numbers mean; -0 is 0.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (Parts::of(one), Parts::of(other));
    match (one.sign(), other.sign()) {
        (1, 1) => one.cmp_magnitude(&other),
        (-1, -1) => other.cmp_magnitude(&one),
        (one, other) => one.cmp(&other),
    }
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, ""));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let exponent_negative = exponent.starts_with('-');
        let exponent = exponent.trim_start_matches(['+', '-']).trim_start_matches('0');
        let whole = whole.trim_start_matches('0');
        let significant = fraction.trim_start_matches('0');
        let (fraction, shift) = if whole.is_empty() {
            (significant, -length(fraction.len() - significant.len()))
        } else {
            (fraction, length(whole.len()))
        };
        Self {
            negative,
            whole: whole.as_bytes(),
            fraction: fraction.as_bytes(),
            exponent_negative,
            exponent: exponent.as_bytes(),
            shift,
        }
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.whole.iter().chain(self.fraction).copied()
    }

    fn sign(&self) -> i8 {
        match self.digits().all(|digit| digit == b'0') {
            true => 0,
            false if self.negative => -1,
            false => 1,
        }
    }

    /// Compares two numbers that are not zero, their signs aside.
    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        let exponents = self.exponent_less(other) + self.shift - other.shift;
        exponents.cmp(&0).then_with(|| {
            let (mut one, mut other) = (self.digits(), other.digits());
            loop {
                match (one.next(), other.next()) {
                    (None, None) => return Ordering::Equal,
                    (one, other) => match one.unwrap_or(b'0').cmp(&other.unwrap_or(b'0')) {
                        Ordering::Equal => {}
                        unequal => return unequal,
                    },
                }
            }
        })
    }

    /// This exponent less the other one, exactly, or far beyond what shifts can make up for.
    ///
    /// Once the difference of the leading digits is more than 1 no later digit brings it back.
    fn exponent_less(&self, other: &Self) -> i128 {
        const FAR: i128 = 1 << 100;
        let width = self.exponent.len().max(other.exponent.len());
        let mut difference: i128 = 0;
        for place in (0..width).rev() {
            difference = 10 * difference + self.exponent_digit(place) - other.exponent_digit(place);
            if difference.abs() > FAR {
                break;
            }
        }
        difference
    }

    /// The signed digit of the exponent at 10^`place`.
    fn exponent_digit(&self, place: usize) -> i128 {
        let at = self.exponent.len().checked_sub(place + 1);
        let digit = at.map_or(0, |at| i128::from(self.exponent[at] - b'0'));
        if self.exponent_negative { -digit } else { digit }
    }
}

fn length(bytes: usize) -> i128 {
    // No text is as long as that.
    i128::try_from(bytes).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_in_the_order_of_their_values() {
        let ascending = [
            "-1e99999999999999999999999999999999999999999999",
            "-1e400",
            "-123456789012345678901234567891",
            "-123456789012345678901234567890",
            "-1.5",
            "-1e-400",
            "0",
            "1e-99999999999999999999999999999999999999999999",
            "1e-401",
            "1.0000000000000000000000000000001e-400",
            "0.1",
            "0.10000000000000000000000000000000000001",
            "2",
            "10",
            "123456789012345678901234567890",
            "123456789012345678901234567890.5",
            "9e399",
            "1e400",
            "1e99999999999999999999999999999999999999999998",
            "9.9e99999999999999999999999999999999999999999998",
            "1e99999999999999999999999999999999999999999999",
            "1e100000000000000000000000000000000000000000000",
        ];
        for (at, one) in ascending.iter().enumerate() {
            for (beside, other) in ascending.iter().enumerate() {
                assert_eq!(compare(one, other), at.cmp(&beside), "{one} {other}");
            }
        }
    }

    #[test]
    fn the_same_value_is_equal_however_it_is_written() {
        for same in [
            &["0", "-0", "0.0", "-0.00e7", "0e99999999999999999999999999999999999999"][..],
            &["1", "1.0", "1e0", "10e-1", "0.1E+1", "0.001e3", "1e-0"],
            &["1200", "12e2", "1.2e+3", "0.0012e6", "1200.000"],
            &[
                "1e100000000000000000000000000000000000000000000",
                "100e99999999999999999999999999999999999999999998",
                "0.001e100000000000000000000000000000000000000000003",
            ],
        ] {
            for one in same {
                assert!(same.iter().all(|other| compare(one, other).is_eq()), "{one}");
            }
        }
    }

    proptest! {
        #[test]
        fn whole_numbers_agree_with_128_bits(one: i128, other: i128, by in 0..128_u32) {
            let (one, other) = (one >> by, other >> by);
            prop_assert_eq!(compare(&one.to_string(), &other.to_string()), one.cmp(&other));
        }

        /// A short decimal is the double nearest to it, and doubles that differ are in its order.
        #[test]
        fn short_decimals_agree_with_doubles(
            one in r"-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?",
            other in r"-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?",
        ) {
            let (a, b) = (one.parse::<f64>().unwrap(), other.parse::<f64>().unwrap());
            prop_assert_eq!(Some(compare(&one, &other)), a.partial_cmp(&b), "{} {}", one, other);
        }
    }
}
