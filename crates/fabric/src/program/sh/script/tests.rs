//! Scripts as they are read: each command with its line, its words between bars, what it is in between brackets.

use super::super::case::Clause;
use super::super::change::Change;
use super::*;

fn shown(commands: &[Command]) -> String {
    commands.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn one(command: &Command) -> String {
    let sign = match command.when {
        When::Always => "",
        When::Succeeded => "&& ",
        When::Failed => "|| ",
    };
    let redirects = command.redirects.iter().map(|redirect| match redirect {
        Redirect::Input => " 0<Null".to_owned(),
        Redirect::Text(document) => format!(" <<{:?}", document.word().iter().map(part).collect::<String>()),
        Redirect::File(name) => format!(" <{}", word(name)),
        Redirect::Output { from, to } => format!(" {from}>{to:?}"),
    });
    let redirects: String = redirects.collect();
    let not = if command.is_negated { "! " } else { "" };
    format!("{} {sign}{not}{}{redirects}", command.line, body(&command.body))
}

fn body(body: &Body) -> String {
    match body {
        Body::Simple(words) => all(words),
        Body::Pipeline(list) => format!("[{}]", list.iter().map(one).collect::<Vec<_>>().join(" | ")),
        Body::Group(list) => format!("{{{}}}", shown(list)),
        Body::Subshell(list) => format!("({})", shown(list)),
        Body::If(of) => {
            let branch = |(condition, then): &(List, List)| format!("{} ? {}", shown(condition), shown(then));
            let branches: Vec<String> = of.branches.iter().map(branch).collect();
            format!("[{} : {}]", branches.join(" : "), shown(&of.otherwise))
        }
        Body::For(of) => format!("[{} in {}: {}]", of.name, all(&of.words), shown(&of.body)),
        Body::Loop(of) => {
            let name = if of.is_until { "until" } else { "while" };
            format!("[{name} {}: {}]", shown(&of.condition), shown(&of.body))
        }
        Body::Case(of) => {
            let clause = |clause: &Clause| format!("{}) {}", all(&clause.patterns), shown(&clause.list));
            let clauses: Vec<String> = of.clauses.iter().map(clause).collect();
            format!("[case {}: {}]", word(&of.word), clauses.join(" ;; "))
        }
        Body::Condition(of) => format!("[[{}]]", condition(of)),
        Body::Sum(text) => format!("(({}))", word(text)),
        Body::Function(of) => format!("[{}() {}]", of.name, shown(&of.body)),
    }
}

fn condition(of: &Condition) -> String {
    let joined = |terms: &[Condition], sign| terms.iter().map(condition).collect::<Vec<_>>().join(sign);
    match of {
        Condition::One { sign, word: tested } => format!("{sign} {}", word(tested)),
        Condition::Two { left, sign, right } => format!("{} {sign} {}", word(left), word(right)),
        Condition::Not(within) => format!("!({})", condition(within)),
        Condition::All(terms) => format!("({})", joined(terms, " && ")),
        Condition::Any(terms) => format!("({})", joined(terms, " || ")),
    }
}

fn all(words: &[Word]) -> String {
    words.iter().map(word).collect::<Vec<_>>().join("|")
}

fn word(word: &Word) -> String {
    word.iter().map(part).collect()
}

fn part(part: &Part) -> String {
    match part {
        Part::Text(text) | Part::Quoted(text) => text.clone(),
        Part::Braces(words) => format!("{{{}}}", words.iter().map(word).collect::<Vec<_>>().join(",")),
        Part::Steps(steps) => format!("{steps:?}"),
        Part::Variable { name, is_quoted, change } => {
            let change = match change {
                None => String::new(),
                Some(Change::Length) => " length".to_owned(),
                Some(Change::Instead { sign, has_colon, word: instead }) => {
                    format!(" {}{sign} {}", if *has_colon { ":" } else { "" }, word(instead))
                }
                Some(change) => format!(" {change:?}"),
            };
            format!("<{name}{change}{}>", if *is_quoted { " quoted" } else { "" })
        }
        Part::Output { commands, .. } => format!("<{}>", shown(commands)),
        Part::Sum { word: sum, .. } => format!("<={}>", word(sum)),
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let shown = match parse(text, 1) {
        Ok(commands) => shown(&commands),
        Err(error) => format!("line {}: {}", error.line, error.message),
    };
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn commands_are_separated_by_lines_and_signs() {
    check("ping -c 1 a\n\n  curl b ; hostname", "1 ping|-c|1|a; 3 curl|b; 3 hostname");
    check("ping a && curl b || echo no", "1 ping|a; 1 && curl|b; 1 || echo|no");
    check("ping a &&\n curl b", "1 ping|a; 2 && curl|b");
    check("#!/bin/sh\nhostname # its name\n", "2 hostname");
    check("a; # b\nc", "1 a; 2 c");
    check(" \n\t\n", "");
}

#[test]
fn quotes_join_and_backslashes_keep() {
    check(r#"echo 'a  b' "c;d"'e' f\ g"#, "1 echo|a  b|c;de|f g");
    check(r#"echo "a\"b\n" '\n' '#'  a#b"#, r#"1 echo|a"b\n|\n|#|a#b"#);
    check("echo a\\\nb 'c\nd'\nhostname", "3 echo|ab|c\nd; 4 hostname");
    check("echo a \\\n  b", "2 echo|a|b");
}

#[test]
fn expansions_are_found_in_and_out_of_quotes() {
    check("echo $A-${B} \"$C d\" '$E' \\$F $ 5$", "1 echo|<A>-<B>|<C quoted> d|$E|$F|$|5$");
    check(
        "X=`hostname -s` && Y=\"$(echo a; echo $(whoami))\"",
        "1 X=<1 hostname|-s>; 1 && Y=<1 echo|a; 1 echo|<1 whoami>>",
    );
    check("echo `echo \\`whoami\\``", "1 echo|<1 echo|<1 whoami>>");
    check("echo $(\nwhoami\n)\nhostname", "3 echo|<2 whoami>; 4 hostname");
    check("echo $1$# \"$@\" ${10}", "1 echo|<1><#>|<@ quoted>|<10>");
    check(
        "echo ${A:-b c} \"${A=$B}\" ${#A} ${#}",
        "1 echo|<A :- b c>|<A = <B quoted> quoted>|<A length>|<#>",
    );
    check("echo ${A:-${B+'}'}} ${A?\"}\"}", "1 echo|<A :- <B + }>>|<A ? }>");
    check("echo $(( (1+$A) * 2 ))", "1 echo|<= (1+<A quoted>) * 2 >");
    check("echo {a} {} a{b, %{c}", "1 echo|{a}|{}|a{b,|%{c}");
}

#[test]
fn output_may_be_redirected() {
    check("ping a > /dev/null 2>&1", "1 ping|a 1>Null 2>Out");
    check("ping a 2>/dev/null && echo b >&2", "1 ping|a 2>Null; 1 && echo|b 1>Err");
    check(
        "ping a &>/dev/null </dev/null; echo 2 >>/dev/null",
        "1 ping|a 1>Null 2>Null 0<Null; 1 echo|2 1>Null",
    );
    check("echo a2>/dev/null", "1 echo|a2 1>Null");
    check("{ a; } 2>&1 >/dev/null; (b) &>/dev/null", "1 {1 a} 2>Out 1>Null; 1 (1 b) 1>Null 2>Null");
}

// POSIX.1-2017, Shell Command Language, 2.10.2.
#[test]
fn commands_stand_in_commands() {
    check("if a; then b; fi", "1 [1 a ? 1 b : ]");
    check(
        "if a\nthen\n b\nelif ! c && d; then e; else f; g; fi >&2",
        "1 [1 a ? 3 b : 4 ! c; 4 && d ? 4 e : 4 f; 4 g] 1>Err",
    );
    check("for x in a \"$b\" c; do d $x; done", "1 [x in a|<b quoted>|c: 1 d|<x>]");
    check("for x\ndo a; done; for x in; do a; done", "1 [x in <@ quoted>: 2 a]; 2 [x in : 2 a]");
    check("while a; b; do c; done | d", "1 [1 [while 1 a; 1 b: 1 c] | 1 d]");
    check("until a\ndo b\ndone && c", "1 [until 1 a: 2 b]; 3 && c");
    check("a | b |\n c || ! d | e", "1 [1 a | 1 b | 2 c]; 2 || ! [2 d | 2 e]");
    check("{ a; b\n}; (c; d) && ( (e) )", "1 {1 a; 1 b}; 2 (2 c; 2 d); 2 && (2 (2 e))");
    check("echo if then done } ! in", "1 echo|if|then|done|}|!|in");
    check("'if' x; \"{\" y; i\\f z", "1 if|x; 1 {|y; 1 if|z");
}

#[test]
fn what_is_not_simulated_is_named() {
    check("hostname\nping a > b", "line 2: syntax error: `> b' is not simulated by weir");
    check("cat << $EOF", "line 1: syntax error: `<< $EOF' is not simulated by weir");
    check("cat 3<<EOF", "line 1: syntax error: `<<' is not simulated by weir");
    check("echo \"${A@Q}\" $1", "line 1: syntax error: `${A@Q}' is not simulated by weir");
    check("echo ${A[0]}", "line 1: syntax error: `${A[0]}' is not simulated by weir");
    check("echo ${@:1:2}", "line 1: syntax error: `${@:1:2}' is not simulated by weir");
    check("echo ${A^b}", "line 1: syntax error: `${A^b}' is not simulated by weir");
    check("exec > >(tee a)", "line 1: syntax error: `>(' is not simulated by weir");
    check("diff <(a) b", "line 1: syntax error: `<(' is not simulated by weir");
    check("cat <&3", "line 1: syntax error: `<&3' is not simulated by weir");
    check(
        "cat </dev/tcp/a/1",
        "line 1: syntax error: `</dev/tcp/a/1' is not simulated by weir; nc -z HOST PORT asks whether a port is open",
    );
    check("echo ${!A} $$", "line 1: syntax error: `${!A}' is not simulated by weir");
    check("echo $$", "line 1: syntax error: `$$' is not simulated by weir");
    check("ping a &", "line 1: syntax error: `&' is not simulated by weir");
    check("a |& b", "line 1: syntax error: `|&' is not simulated by weir");
    check("X=(a b)", "line 1: syntax error: `(' is not simulated by weir");
    check("echo a(b)", "line 1: syntax error: `(' is not simulated by weir");
    check("case x in x) a;& esac", "line 1: syntax error: `;&' is not simulated by weir");
    check("true\ncase x in x) a;;& esac", "line 2: syntax error: `;;&' is not simulated by weir");
}

#[test]
fn cases_and_functions() {
    check("case $x in a|b*) c;; (d) ;; esac e", "line 1: syntax error near unexpected token `e'");
    check("case $x in a|b*) c;; (d) ;; esac", "1 [case <x>: a|b*) 1 c ;; d) ]");
    check("case x in\n a)\n b\n c ;;\n *) d\nesac; e", "1 [case x: a) 3 b; 4 c ;; *) 5 d]; 6 e");
    check("case x in esac >/dev/null", "1 [case x: ] 1>Null");
    check("f() { a; }; f b", "1 [f() 1 {1 a}]; 1 f|b");
    check("f ( )\n(a) 2>&1\nfunction g { b; }", "1 [f() 2 (2 a) 2>Out]; 3 [g() 3 {3 b}]");
    check("case x", "line 1: syntax error: unexpected end of file");
    check("case x in a) b", "line 1: syntax error: unexpected end of file");
    check("case x in a b) c;; esac", "line 1: syntax error near unexpected token `b'");
    check("case x in ) c;; esac", "line 1: syntax error near unexpected token `)'");
    check("case x in a) b; fi", "line 1: syntax error near unexpected token `fi'");
    check("case; in", "line 1: syntax error near unexpected token `;'");
    check("esac", "line 1: syntax error near unexpected token `esac'");
    check("f() a", "line 1: syntax error near unexpected token `a'");
    check("f() { a", "line 1: syntax error: unexpected end of file");
    check("f()", "line 1: syntax error: unexpected end of file");
    check("f() g() { a; }", "line 1: syntax error near unexpected token `g'");
}

#[test]
fn conditions_have_an_order_of_their_own() {
    check("[[ a ]] && b", "1 [[-n a]]; 1 && b");
    check("[[ -n a && b = c || ! d < e ]] >/dev/null", "1 [[((-n a && b = c) || !(d < e))]] 1>Null");
    check("[[\n(a || b)\n&& c ]]\nd", "1 [[((-n a || -n b) && -n c)]]; 4 d");
    check("[[ ! ! $a == *.{b,c} ]]", "1 [[<a> == *.{b,c}]]");
    check("[[ a =~ ^(b|c d)$ && e =~ f|g ]]", "1 [[(a =~ ^(b|c d)$ && e =~ f|g)]]");
    check("[[ ${BASH_REMATCH[12]} == $BASH_REMATCH ]]", "1 [[<BASH_REMATCH[12]> == <BASH_REMATCH[0]>]]");
    check("echo [[ a", "1 echo|[[|a");
    check("[[ a ]] b", "line 1: syntax error near unexpected token `b'");
    // Messages of bash 5.2.
    check("[[ ]]", "line 1: syntax error near unexpected token `]]'");
    check("[[ a b ]]", "line 1: conditional binary operator expected");
    check("[[ a == ]]", "line 1: unexpected argument `]]' to conditional binary operator");
    check("[[ -z ]]", "line 1: unexpected argument `]]' to conditional unary operator");
    check("[[ ( a ]]", "line 1: unexpected token `]]', expected `)'");
    check("[[ a == b c ]]", "line 1: syntax error in conditional expression");
    check("[[ a == b", "line 1: unexpected EOF while looking for `]]'");
    check("[[ a &&", "line 1: syntax error: unexpected end of file");
    check("[[ a -eq", "line 1: unexpected EOF while looking for `]]'");
}

#[test]
fn what_is_no_script_is_refused() {
    check("&& a", "line 1: syntax error near unexpected token `&&'");
    check("a ;; b", "line 1: syntax error near unexpected token `;;'");
    check("; a", "line 1: syntax error near unexpected token `;'");
    check("a &&", "line 1: syntax error: unexpected end of file");
    check("a |", "line 1: syntax error: unexpected end of file");
    check("a | | b", "line 1: syntax error near unexpected token `|'");
    check("a )", "line 1: syntax error near unexpected token `)'");
    check("!", "line 1: syntax error: unexpected end of file");
    check("fi", "line 1: syntax error near unexpected token `fi'");
    check("if a; fi", "line 1: syntax error near unexpected token `fi'");
    check("if a; then fi", "line 1: syntax error near unexpected token `fi'");
    check("if a; then b; done", "line 1: syntax error near unexpected token `done'");
    check("if a; then b", "line 1: syntax error: unexpected end of file");
    check("for 1x in a; do b; done", "line 1: `1x': not a valid identifier");
    check("for x in a do b; done", "line 1: syntax error near unexpected token `done'");
    check("while a; done", "line 1: syntax error near unexpected token `done'");
    check("()", "line 1: syntax error near unexpected token `)'");
    check("(a; fi)", "line 1: syntax error near unexpected token `fi'");
    check("{ a }", "line 1: syntax error: unexpected end of file");
    check("if a; then b; fi c", "line 1: syntax error near unexpected token `c'");
    check("echo 'a", "line 1: unexpected EOF while looking for matching `''");
    check("echo $(a", "line 1: unexpected EOF while looking for matching `)'");
    check("echo `a", "line 1: unexpected EOF while looking for matching ``'");
    check("echo ${a", "line 1: unexpected EOF while looking for matching `}'");
    check("echo ${a:-b", "line 1: unexpected EOF while looking for matching `}'");
    check("echo $((1", "line 1: unexpected EOF while looking for matching `)'");
    for deep in ["$(echo ", "( ", "{ ", "if ", "${A:-"].map(|begin| begin.repeat(40)) {
        check(&format!("echo; {deep}"), "line 1: syntax error: commands are nested too deep");
    }
    check(&format!("[[ {}", "( ".repeat(40)), "line 1: syntax error: commands are nested too deep");
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "(if|then|fi|\\[\\[|\\]\\]|for x in|do|done|while|[ a;|&(){}$\"'`\\\\\n<>=!#*:?+0-9-]|\\$\\(\\(|é){0,40}") {
        let _ = parse(&text, 1);
    }
}
