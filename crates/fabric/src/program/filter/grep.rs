//! grep: the lines in which a pattern matches.

use super::super::options::Arg;
use super::pattern::{PATTERNS_MAX, Pattern, Syntax};
use super::{Filter, Next, Wanted, Wrong, bare, has, scripts, value};

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
}

impl Grep {
    fn is_selected(&mut self, line: &str) -> Result<bool, Wrong> {
        for pattern in &mut self.patterns {
            if pattern.is_in(line, self.is_whole)? {
                return Ok(!self.is_inverted);
            }
        }
        Ok(self.is_inverted)
    }

    fn print(&mut self, line: &str, out: &mut String) -> Result<(), Wrong> {
        let number = if self.has_numbers { format!("{}:", self.line) } else { String::new() };
        if !self.is_only {
            *out += &format!("{number}{line}\n");
            return Ok(());
        }
        let mut at = 0;
        while !self.is_inverted && at <= line.len() {
            let mut first: Option<std::ops::Range<usize>> = None;
            for pattern in &mut self.patterns {
                let Some(found) = pattern.find(line, at)? else { continue };
                let is_better = first.as_ref().is_none_or(|first| {
                    found.start < first.start || found.start == first.start && found.end > first.end
                });
                first = if is_better { Some(found) } else { first };
            }
            let Some(found) = first else { break };
            if found.is_empty() {
                at = found.end + line[found.end..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            *out += &format!("{number}{}\n", &line[found.clone()]);
            at = found.end;
        }
        Ok(())
    }

    fn code(&self) -> i32 {
        i32::from(self.selected == 0)
    }
}

impl Filter for Grep {
    fn take(&mut self, line: &str, out: &mut String) -> Next {
        let line = bare(line);
        if self.selected >= self.most {
            return self.end(out);
        }
        self.line += 1;
        match self.is_selected(line) {
            Ok(false) => return Next::More,
            Ok(true) => self.selected += 1,
            Err(message) => return Next::Fail(message),
        }
        if self.is_quiet {
            return Next::Exit(0);
        }
        if !self.counts
            && let Err(message) = self.print(line, out)
        {
            return Next::Fail(message);
        }
        if self.selected >= self.most { self.end(out) } else { Next::More }
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
