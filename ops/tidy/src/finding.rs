//! One place that breaks a rule.

use std::fmt;

/// Where a rule is broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file or folder, from the root of the repository.
    pub path: String,
    /// The line, from 1; `None` where the whole file is meant.
    pub line: Option<usize>,
    /// What is wrong, and where it is not plain, what to do.
    pub what: String,
}

impl Finding {
    /// A finding about all of `path`.
    pub fn of(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { path: path.into(), line: None, what: what.into() }
    }

    /// A finding on one line, counted from 1.
    pub fn at(path: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.into(), line: Some(line), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.what),
            None => write!(f, "{}: {}", self.path, self.what),
        }
    }
}

/// All findings, one a line, as a failing test shows them.
pub fn report(findings: &[Finding]) -> String {
    findings.iter().fold(String::new(), |report, finding| report + "\n  " + &finding.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_path_and_line() {
        let findings = [Finding::of("a.rs", "is long"), Finding::at("b.rs", 7, "is wrong")];
        assert_eq!(report(&findings), "\n  a.rs: is long\n  b.rs:7: is wrong");
    }
}
