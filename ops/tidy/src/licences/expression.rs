//! Licence expressions as manifests write them (SPDX), and whether some allowed choice meets one.
//!
//! `WITH` binds closest, then `AND`, then `OR`; the older `/` means `OR`.

/// Nesting past this is no licence anybody wrote.
const DEPTH_MAX: usize = 16;

/// Why an expression cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Whether `expression` can be met with licences of `allowed` alone.
pub(super) fn is_satisfiable(expression: &str, allowed: &[&str]) -> Result<bool, Malformed> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut reader = Reader { tokens: spaced.split_whitespace().collect(), at: 0, allowed };
    let is_met = reader.any(0)?;
    if reader.at == reader.tokens.len() { Ok(is_met) } else { Err(Malformed) }
}

struct Reader<'a> {
    tokens: Vec<&'a str>,
    at: usize,
    allowed: &'a [&'a str],
}

impl<'a> Reader<'a> {
    fn any(&mut self, depth: usize) -> Result<bool, Malformed> {
        let mut is_met = self.all(depth)?;
        while self.takes("OR") {
            is_met |= self.all(depth)?;
        }
        Ok(is_met)
    }

    fn all(&mut self, depth: usize) -> Result<bool, Malformed> {
        let mut is_met = self.one(depth)?;
        while self.takes("AND") {
            is_met &= self.one(depth)?;
        }
        Ok(is_met)
    }

    fn one(&mut self, depth: usize) -> Result<bool, Malformed> {
        if depth > DEPTH_MAX {
            return Err(Malformed);
        }
        if self.takes("(") {
            let is_met = self.any(depth + 1)?;
            return if self.takes(")") { Ok(is_met) } else { Err(Malformed) };
        }
        let licence = self.name()?;
        if self.takes("WITH") {
            let licence = format!("{licence} WITH {}", self.name()?);
            return Ok(self.allowed.contains(&licence.as_str()));
        }
        Ok(self.allowed.contains(&licence))
    }

    fn name(&mut self) -> Result<&'a str, Malformed> {
        let token = *self.tokens.get(self.at).ok_or(Malformed)?;
        if ["OR", "AND", "WITH", "(", ")"].contains(&token) {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(token)
    }

    fn takes(&mut self, token: &str) -> bool {
        let is_next = self.tokens.get(self.at) == Some(&token);
        self.at += usize::from(is_next);
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: [&str; 3] = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"];

    #[test]
    fn a_choice_needs_one_and_a_sum_needs_all() {
        for (expression, is_met) in [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("GPL-3.0-only OR MIT", true),
            ("MIT/Apache-2.0", true),
            ("Apache-2.0 / GPL-2.0", true),
            ("MIT AND GPL-3.0-only", false),
            ("MIT AND GPL-3.0-only OR Apache-2.0", true),
            ("MIT AND (GPL-3.0-only OR Apache-2.0)", true),
            ("(MIT OR Apache-2.0) AND MPL-2.0", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("MIT WITH LLVM-exception", false),
        ] {
            assert_eq!(is_satisfiable(expression, &ALLOWED), Ok(is_met), "{expression}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        let deep = format!("{}MIT{}", "(".repeat(99), ")".repeat(99));
        for expression in ["", "MIT OR", "MIT MIT", "(MIT", "MIT)", "AND MIT", "MIT WITH", &deep] {
            assert_eq!(is_satisfiable(expression, &ALLOWED), Err(Malformed), "{expression}");
        }
    }
}
