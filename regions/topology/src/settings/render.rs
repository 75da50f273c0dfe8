//! Writes settings as a file that loads to the same settings, bare or with every setting explained.

use super::cluster::{Cluster, Member, REGIONS};
use super::reference::Fact;
use super::section::Section;
use super::{Settings, members};

const COLUMNS: usize = 100;

/// What is written beside the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    /// Nothing.
    None,
    /// What each setting means and which values it takes.
    Reference,
}

/// The settings as TOML, sections in their order.
pub(super) fn toml(settings: &Settings, comments: Comments) -> String {
    let mut out = Output { text: String::new(), comments };
    if comments == Comments::Reference {
        out.comment(
            "Every setting of a region with its default. Only [region] is required; whatever else \
             is left out has the value shown here. Each setting can also be given as an \
             environment variable, which goes before the file: TOMBOLO__HTTP__WORKERS is workers \
             in [http]. Several regions in one variable: \
             TOMBOLO__CLUSTER__REGIONS=us-east=host:port,eu-west=host:port.",
        );
        out.line("");
    }
    for (index, section) in settings.sections().into_iter().enumerate() {
        if index > 0 {
            out.line("");
        }
        out.comment(section.about);
        out.line(&format!("[{}]", section.name));
        for entry in section.entries {
            if let Some(value) = entry.value {
                out.setting(entry.fact, &value);
            }
        }
        if section.name == Cluster::NAME {
            out.members(&settings.cluster.regions);
        }
    }
    out.text
}

struct Output {
    text: String,
    comments: Comments,
}

impl Output {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// `words` in comment lines of at most [`COLUMNS`].
    fn comment(&mut self, words: &str) {
        if self.comments == Comments::None {
            return;
        }
        let mut line = "#".to_owned();
        for word in words.split_whitespace() {
            if line.len() + 1 + word.len() > COLUMNS {
                self.line(&line);
                "#".clone_into(&mut line);
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }

    fn explain(&mut self, fact: &Fact) {
        self.comment(fact.meaning);
        self.comment(&format!("Allowed: {}.", fact.allowed()));
    }

    fn setting(&mut self, fact: &Fact, value: &toml::Value) {
        self.explain(fact);
        self.assign(fact, value);
    }

    fn assign(&mut self, fact: &Fact, value: &toml::Value) {
        self.line(&format!("{} = {value}", fact.name()));
    }

    /// One table each; only the first is explained.
    fn members(&mut self, members: &[Member]) {
        for (index, member) in members.iter().enumerate() {
            self.line("");
            if index == 0 {
                self.explain(&REGIONS);
            }
            self.line("[[cluster.regions]]");
            for (fact, value) in members::FACTS.iter().zip(members::values(member)) {
                if index == 0 {
                    self.explain(fact);
                }
                self.assign(fact, &value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_comments_are_wrapped_between_words_and_left_out_of_bare_files() {
        let words = "word ".repeat(30);
        let mut out = Output { text: String::new(), comments: Comments::Reference };
        out.comment(&words);
        let lengths: Vec<_> = out.text.lines().map(str::len).collect();
        assert_eq!(lengths, [96, 56]);
        out = Output { text: String::new(), comments: Comments::None };
        out.comment(&words);
        assert_eq!(out.text, "");
    }
}
