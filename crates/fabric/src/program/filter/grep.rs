//! grep: the lines in which a pattern matches.

use super::super::options::Arg;
use super::pattern::{self, PATTERNS_MAX, Pattern, Syntax};
use super::{Filter, Next, Wanted, Wrong, bare, has, scripts, value};
use std::ops::Range;

/// grep(1): `-E` and `-F` for the syntax, `-e` for patterns, `-i`, `-x`, `-v`; what is printed: `-c`, `-n`, `-o`, `-q`, `-m`.
pub(super) fn grep<'a>(args: &[Arg<'a>]) -> Result<Wanted<'a>, Wrong> {
    let (texts, files) = scripts(args).ok_or("no pattern is given")?;
    let syntax = match (has(args, 'F'), has(args, 'E')) {
        (true, _) => Syntax::Fixed,
        (false, true) => Syntax::Extended,
        (false, false) => Syntax::Basic,
    };
    let ignores_case = has(args, 'i');
    let texts: Vec<&str> = texts.iter().flat_map(|text| text.split('\n')).collect();
    if texts.len() > PATTERNS_MAX {
        return Err(format!("more than {PATTERNS_MAX} patterns: not simulated by weir"));
    }
    let patterns =
        texts.iter().map(|text| Pattern::new(text, syntax, ignores_case)).collect::<Result<_, Wrong>>()?;
    let most =
        value(args, 'm').map_or(Ok(usize::MAX), |most| most.parse().map_err(|_| "invalid max count"))?;
    let [is_whole, is_inverted, counts, has_numbers, is_only, is_quiet] =
        ['x', 'v', 'c', 'n', 'o', 'q'].map(|option| has(args, option));
    if is_only && is_whole {
        return Err("-o with -x: not simulated by weir".to_owned());
    }
    let grep = Grep {
        patterns,
        is_whole,
        is_inverted,
        counts,
        has_numbers,
        is_only,
        is_quiet,
        most,
        line: 0,
        selected: 0,
        begun: None,
    };
    Ok((Box::new(grep), files))
}

struct Grep {
    patterns: Vec<Pattern>,
    is_whole: bool,
    is_inverted: bool,
    counts: bool,
    has_numbers: bool,
    is_only: bool,
    is_quiet: bool,
    /// After how many lines it ends.
    most: usize,
    /// How many lines it has read.
    line: usize,
    /// How many of them it has selected.
    selected: usize,
    begun: Option<Begun>,
}

/// A line that it has not done with.
struct Begun {
    line: String,
    /// Whether it is selected, so that its matches are looked for; and from where on.
    is_selected: bool,
    at: usize,
    /// The next pattern to look for, and the first match of those before it.
    pattern: usize,
    first: Option<Range<usize>>,
}

impl Grep {
    /// Looks for the next pattern in the line. When all have been looked for, or one is enough, it goes on to what comes then; what
    /// ends the line is given back.
    fn step(&mut self, begun: &mut Begun, out: &mut String) -> Result<Option<Next>, Wrong> {
        let Some(pattern) = self.patterns.get_mut(begun.pattern) else {
            begun.pattern = 0;
            return Ok(match begun.is_selected {
                true => self.print_match(begun, out),
                false => self.select(begun, self.is_inverted, out),
            });
        };
        begun.pattern += 1;
        if !begun.is_selected {
            let is_in = pattern.is_in(&begun.line, self.is_whole)?;
            return Ok(if is_in { self.select(begun, !self.is_inverted, out) } else { None });
        }
        let Some(found) = pattern.find(&begun.line, begun.at)? else { return Ok(None) };
        let is_better = begun.first.as_ref().is_none_or(|first| {
            found.start < first.start || found.start == first.start && found.end > first.end
        });
        if is_better {
            begun.first = Some(found);
        }
        Ok(None)
    }

    /// Selects the line or passes it over; `None` if its matches are to be looked for.
    fn select(&mut self, begun: &mut Begun, is_selected: bool, out: &mut String) -> Option<Next> {
        if !is_selected {
            return Some(Next::More);
        }
        self.selected += 1;
        if self.is_quiet {
            return Some(Next::Exit(0));
        }
        if self.is_only && !self.is_inverted && !self.counts {
            (begun.is_selected, begun.pattern) = (true, 0);
            return None;
        }
        if !self.counts && !self.is_only {
            *out += &format!("{}{}\n", self.number(), begun.line);
        }
        Some(self.next(out))
    }

    /// Prints the match that has been found; `None` if there may be more.
    fn print_match(&mut self, begun: &mut Begun, out: &mut String) -> Option<Next> {
        let Some(found) = begun.first.take() else { return Some(self.next(out)) };
        let after = begun.line[found.end..].chars().next().map_or(1, char::len_utf8);
        begun.at = found.end + if found.is_empty() { after } else { 0 };
        if !found.is_empty() {
            *out += &format!("{}{}\n", self.number(), &begun.line[found]);
        }
        (begun.at > begun.line.len()).then(|| self.next(out))
    }

    /// How it goes on after a line.
    fn next(&mut self, out: &mut String) -> Next {
        if self.selected >= self.most { self.end(out) } else { Next::More }
    }

    /// What stands before what it prints of a line.
    fn number(&self) -> String {
        if self.has_numbers { format!("{}:", self.line) } else { String::new() }
    }

    fn code(&self) -> i32 {
        i32::from(self.selected == 0)
    }
}

impl Filter for Grep {
    fn take(&mut self, line: &str, out: &mut String) -> Next {
        if self.selected >= self.most {
            return self.end(out);
        }
        self.line += 1;
        let line = bare(line).to_owned();
        self.begun = Some(Begun { line, is_selected: false, at: 0, pattern: 0, first: None });
        self.go_on(out)
    }

    fn go_on(&mut self, out: &mut String) -> Next {
        let Some(mut begun) = self.begun.take() else { return Next::More };
        loop {
            if pattern::are_spent(&self.patterns) {
                self.begun = Some(begun);
                return Next::Pause;
            }
            match self.step(&mut begun, out) {
                Ok(None) => {}
                Ok(Some(next)) => return next,
                Err(message) => return Next::Fail(message),
            }
        }
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn searched(&mut self) -> usize {
        self.patterns.iter_mut().map(Pattern::searched).sum()
    }

    fn end(&mut self, out: &mut String) -> Next {
        if self.counts && !self.is_quiet {
            *out += &format!("{}\n", self.selected);
        }
        Next::Exit(self.code())
    }
}
