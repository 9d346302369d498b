//! Wildcards in filter values: `*` is any run of characters, `?` is one, `\` takes the next as it is.
//!
//! Source: EC2 User Guide, "List and filter using the CLI and API" (wildcards).

/// Whether all of `text` fits `pattern`. Case matters. A `\` at the end stands for itself.
///
/// Takes at most the product of both lengths in steps: after a mismatch only the last `*` is tried again.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (parse(pattern), text.chars().collect::<Vec<_>>());
    let (mut at, mut from) = (0, 0);
    let mut last_run = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(Part::Run) => {
                last_run = Some((at, from));
                at += 1;
            }
            Some(part) if part.fits(text[from]) => (at, from) = (at + 1, from + 1),
            _ => {
                let Some((run, taken)) = last_run else { return false };
                last_run = Some((run, taken + 1));
                (at, from) = (run + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|part| *part == Part::Run)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Run,
    Any,
    One(char),
}

impl Part {
    fn fits(self, letter: char) -> bool {
        self == Part::Any || self == Part::One(letter)
    }
}

fn parse(pattern: &str) -> Vec<Part> {
    let mut letters = pattern.chars();
    let mut parts = Vec::new();
    while let Some(letter) = letters.next() {
        parts.push(match letter {
            '*' => Part::Run,
            '?' => Part::Any,
            '\\' => Part::One(letters.next().unwrap_or('\\')),
            other => Part::One(other),
        });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_characters() {
        let rows = [
            ("", "", true),
            ("*", "", true),
            ("?", "", false),
            ("vpc-*", "vpc-1a2b", true),
            ("*prod*", "a-prod-b", true),
            ("db-?", "db-1", true),
            ("db-?", "db-12", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("10.0.0.0/16", "10.0.0.0/16", true),
            ("Prod", "prod", false),
            ("?", "é", true),
        ];
        rows.iter()
            .for_each(|(pattern, text, fits)| assert_eq!(matches(pattern, text), *fits, "{pattern} {text}"));
    }

    #[test]
    fn a_backslash_takes_the_next_as_it_is() {
        let rows = [(r"\*amazon\?\\", r"*amazon?\", true), (r"\*", "x", false), ("end\\", "end\\", true)];
        rows.iter()
            .for_each(|(pattern, text, fits)| assert_eq!(matches(pattern, text), *fits, "{pattern} {text}"));
    }

    #[test]
    fn many_runs_take_no_longer_than_the_product_of_the_lengths() {
        assert!(!matches(&"*a".repeat(2_000), &"a".repeat(1_999)));
    }
}
