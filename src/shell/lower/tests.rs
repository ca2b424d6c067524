//! What becomes of statements. `[a b]` shows a command with its words, `>f` and similar texts its redirections, and `X=…`
//! its assignments. Statements inside others are in brackets after their name.

use crate::shell::ast::*;
use crate::shell::parse::Shell;
use crate::source::{FileId, OffsetMap};
use crate::syntax::mask::mask;
use crate::syntax::tree::parse;
use bumpalo::Bump;

fn word(word: &Word<'_>) -> String {
    word.parts
        .iter()
        .map(|part| match part {
            Part::Literal { text, .. } => text.replace('\n', "⏎"),
            Part::Parameter { name, .. } => format!("${name}"),
            Part::Substitution { body, .. } => format!("$({})", block(body)),
            Part::Process { body } => format!("<({})", block(body)),
            Part::Opaque { text, .. } => format!("<{text}>"),
            Part::Glob(c) => c.to_string(),
            Part::Tilde(user) => format!("~{user}"),
        })
        .collect()
}

fn words(list: &[Word<'_>]) -> String {
    list.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn redirect(redirect: &Redirect<'_>) -> String {
    let shown = match &redirect.kind {
        RedirectKind::Read(w) => format!("<{}", word(w)),
        RedirectKind::Write(w) => format!(">{}", word(w)),
        RedirectKind::Append(w) => format!(">>{}", word(w)),
        RedirectKind::WriteBoth(w) => format!("&>{}", word(w)),
        RedirectKind::AppendBoth(w) => format!("&>>{}", word(w)),
        RedirectKind::Duplicate => "dup".to_owned(),
        RedirectKind::Heredoc(heredoc) => {
            format!("<<{}{}", if heredoc.quoted { "'" } else { "" }, word(&heredoc.body))
        }
        RedirectKind::HereString(w) => format!("<<<{}", word(w)),
    };
    redirect.descriptor.map_or(shown.clone(), |d| format!("{d}{shown}"))
}

fn block(block: Block<'_>) -> String {
    block.iter().map(statement).collect::<Vec<_>>().join("; ")
}

fn statement(stmt: &Stmt<'_>) -> String {
    match &stmt.kind {
        StmtKind::Command(command) => {
            let mut parts: Vec<String> = Vec::new();
            for assignment in command.assignments {
                let value = match &assignment.value {
                    Some(AssignedValue::Word(w)) => word(w),
                    Some(AssignedValue::Array(list)) => format!("({})", words(list)),
                    None => "-".to_owned(),
                };
                let sign = if assignment.append { "+=" } else { "=" };
                let element = if assignment.element { "[]" } else { "" };
                parts.push(format!("{}{element}{sign}{value}", assignment.name));
            }
            if !command.words.is_empty() {
                parts.push(words(command.words));
            }
            parts.extend(command.redirects.iter().map(redirect));
            format!("[{}]", parts.join(" "))
        }
        StmtKind::Test { words: list } => {
            format!("Test({})", words(list))
        }
        StmtKind::Arithmetic(_) => "Arithmetic".to_owned(),
        StmtKind::Pipeline(stages) => format!("Pipe({})", block(stages)),
        StmtKind::Not(a) => format!("Not({})", statement(a)),
        StmtKind::And(a, b) => format!("And({}, {})", statement(a), statement(b)),
        StmtKind::Or(a, b) => format!("Or({}, {})", statement(a), statement(b)),
        StmtKind::If { arms, otherwise } => {
            let arms: Vec<String> =
                arms.iter().map(|(c, b)| format!("{} ? {}", block(c), block(b))).collect();
            let otherwise = otherwise.map(|b| format!(" else {}", block(b))).unwrap_or_default();
            format!("If({}{otherwise})", arms.join(" elif "))
        }
        StmtKind::While { until, condition, body } => {
            format!("{}({} ? {})", if *until { "Until" } else { "While" }, block(condition), block(body))
        }
        StmtKind::For { variable, words: list, body, select } => {
            let list = list.map_or("$@".to_owned(), words);
            format!("{}({variable} in {list}: {})", if *select { "Select" } else { "For" }, block(body))
        }
        StmtKind::CountedFor { body, .. } => format!("Counted({})", block(body)),
        StmtKind::Case { subject, arms } => {
            let arm = |a: &CaseArm<'_>| {
                let patterns: Vec<String> = a.patterns.iter().map(word).collect();
                format!("{}: {}{}", patterns.join("|"), block(a.body), if a.falls { "…" } else { "" })
            };
            format!("Case({} of {})", word(subject), arms.iter().map(arm).collect::<Vec<_>>().join(", "))
        }
        StmtKind::Group(body) => format!("Group({})", block(body)),
        StmtKind::Subshell(body) => format!("Subshell({})", block(body)),
        StmtKind::Function { name, body } => format!("Function({name}: {})", statement(body)),
        StmtKind::Redirected { body, redirects } => {
            let list: Vec<String> = redirects.iter().map(redirect).collect();
            format!("Redirected({} {})", statement(body), list.join(" "))
        }
        StmtKind::Background(a) => format!("Background({})", statement(a)),
    }
}

/// The statements of a text, and the places and reasons of what was not read.
fn lowered(text: &str) -> (String, Vec<String>) {
    let arena = Bump::new();
    let mut shell = Shell::new(&arena);
    let shown = block(shell.parse(arena.alloc_str(text), FileId(0), OffsetMap::shifted(0)));
    let line = |at: u32| text[..at as usize].matches('\n').count() + 1;
    let gaps = shell.gaps.iter().map(|(span, reason)| format!("{}: {reason}", line(span.start))).collect();
    (shown, gaps)
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let (shown, gaps) = lowered(text);
        assert_eq!((shown.as_str(), gaps), (*expected, Vec::new()), "{text}");
    }
}

/// The text need not be read correctly, but what is lost must be reported.
#[track_caller]
fn check_gap(text: &str) {
    let (shown, gaps) = lowered(text);
    assert!(!gaps.is_empty(), "{text}: {shown}");
}

#[test]
fn statements() {
    check(&[
        ("a b; c", "[a b]; [c]"),
        ("a && b || c", "Or(And([a], [b]), [c])"),
        ("a | b |& c", "Pipe([a]; [b]; [c])"),
        ("! a", "Not([a])"),
        ("! ! a b", "[a b]"),
        ("! a | b", "Not(Pipe([a]; [b]))"),
        ("a & b", "Background([a]); [b]"),
        ("{ a; b; }", "Group([a]; [b])"),
        ("(a; b)", "Subshell([a]; [b])"),
        ("if a; then b; elif c; then d; else e; fi", "If([a] ? [b] elif [c] ? [d] else [e])"),
        ("if a & then b & fi", "If(Background([a]) ? Background([b]))"),
        ("! a && b", "And(Not([a]), [b])"),
        ("while a; do b; done", "While([a] ? [b])"),
        ("until a; do b; done", "Until([a] ? [b])"),
        ("for x in 1 $y; do a; done", "For(x in 1 $y: [a])"),
        ("for x; do a; done", "For(x in $@: [a])"),
        ("select x in 1 2; do a; done", "Select(x in 1 2: [a])"),
        ("for ((i=0; i<3; i++)); do a; done", "Counted([a])"),
        ("case $x in a|b) c;& *) d;; esac", "Case($x of a|b: [c]…, *: [d])"),
        ("f() { a; }", "Function(f: Group([a]))"),
        ("function f { a; }", "Function(f: Group([a]))"),
        ("[ -f a ] && b", "And(Test(-f a), [b])"),
        ("[[ ! -f a && $b == c* ]]", "Test(! -f a && $b == c*)"),
        ("((a + 1))", "Arithmetic"),
    ]);
}

#[test]
fn a_list_ends_a_pipeline_of_any_length() {
    check(&[
        ("a | b || c", "Or(Pipe([a]; [b]), [c])"),
        ("a | b | c || d", "Or(Pipe([a]; [b]; [c]), [d])"),
        ("a | b | c | d && e || f", "Or(And(Pipe([a]; [b]; [c]; [d]), [e]), [f])"),
        ("! a | b | c || d", "Or(Not(Pipe([a]; [b]; [c])), [d])"),
        ("a | b | c || d > f", "Or(Pipe([a]; [b]; [c]), [d >f])"),
        ("x && a | b | c || d", "Or(And([x], Pipe([a]; [b]; [c])), [d])"),
        ("a | b | c || d | e | f && g", "And(Or(Pipe([a]; [b]; [c]), Pipe([d]; [e]; [f])), [g])"),
        ("a | b | c && { d || e; }", "And(Pipe([a]; [b]; [c]), Group(Or([d], [e])))"),
        ("a | b | { c || d; }", "Pipe([a]; [b]; Group(Or([c], [d])))"),
        ("if a | b | c && d; then e; fi", "If(And(Pipe([a]; [b]; [c]), [d]) ? [e])"),
        ("if ! a | b | c; then e; fi", "If(Not(Pipe([a]; [b]; [c])) ? [e])"),
    ]);
}

#[test]
fn words_and_assignments() {
    check(&[
        ("a $(b; c) `d`", "[a $([b]; [c]) $([d])]"),
        ("a <(b)", "[a <([b])]"),
        ("a \"$b $(c)\"", "[a $b $([c])]"),
        ("a \"$(b) $(c)\" `d`", "[a $([b]) $([c]) $([d])]"),
        ("mkdir /srv/{a,b}", "[mkdir /srv/a /srv/b]"),
        ("a $b/$c.d e", "[a $b/$c.d e]"),
        ("X=1 Y=\"a b\" cmd", "[X=1 Y=a b cmd]"),
        ("X=$(a)", "[X=$([a])]"),
        ("X= Y+=b", "[X=]; [Y+=b]"),
        ("X=$(a) 2>/dev/null && b", "And([X=$([a])], [b])"),
        ("X=(a 'b c' $d)", "[X=(a b c $d)]"),
        ("X[1]=a", "[X[]=a]"),
        ("export A=1 B", "[A=1 B=- export]"),
        ("local -r a=$1", "[a=$1 local -r]"),
    ]);
}

#[test]
fn redirections_belong_to_the_command_before_them() {
    check(&[
        ("a > f", "[a >f]"),
        ("a > f b", "[a b >f]"),
        ("a >> f 2>&1", "[a >>f 2dup]"),
        ("a &> f < g", "[a &>f <g]"),
        ("a && b > f", "And([a], [b >f])"),
        ("a | b > f", "Pipe([a]; [b >f])"),
        ("! a > f", "Not([a >f])"),
        ("{ a; } > f", "Redirected(Group([a]) >f)"),
        ("if a; then b; fi >> f", "Redirected(If([a] ? [b]) >>f)"),
        ("> f", "[>f]"),
        ("> f a b", "[a b >f]"),
        ("a <<< \"$b\"", "[a <<<$b]"),
    ]);
}

#[test]
fn a_long_pipeline_ends_at_the_end_of_its_line() {
    check(&[
        ("a | b | c\nd > f", "Pipe([a]; [b]; [c]); [d >f]"),
        ("if a; then b | c | d # x\nelse e 1>&2; fi", "If([a] ? Pipe([b]; [c]; [d]) else [e 1dup])"),
        ("for x do a | b |\nc; done; d", "For(x in $@: Pipe([a]; [b]; [c])); [d]"),
        ("a | ((b; c) | d)", "Pipe([a]; Subshell(Pipe(Subshell([b]; [c]); [d])))"),
    ]);
}

#[test]
fn heredocs_are_put_back() {
    check(&[
        ("cat <<E\na $b\nE\nc", "[cat <<a $b⏎]; [c]"),
        ("cat <<'E'\na $b\nE\n", "[cat <<'a $b⏎]"),
        ("cat <<-E\n\ta\n\tE\nc", "[cat <<\ta⏎]; [c]"),
        ("cat <<E > f; c\nx\nE\n", "[cat <<x⏎ >f]; [c]"),
        ("cat <<E | sudo tee f\nx\nE\n", "Pipe([cat <<x⏎]; [sudo tee f])"),
        ("cat <<A <<B\n1\nA\nrm -rf x\nB\n", "[cat <<1⏎ <<rm -rf x⏎]"),
        ("if a; then\ncat <<E\nfi\nE\nfi\n", "If([a] ? [cat <<fi⏎])"),
        ("a && cat <<E && b\nx\nE\n", "And(And([a], [cat <<x⏎]), [b])"),
    ]);
}

#[test]
fn what_does_not_parse_is_told_and_the_rest_is_read() {
    // The next quote closes this one, and what is between them is not code.
    let (shown, gaps) = lowered("mkdir a\n\necho \"it\n\nmkdir b\nmkdir c\n");
    assert!(shown.starts_with("[mkdir a]; "), "{shown}");
    assert!(!gaps.is_empty() && gaps.iter().all(|g| g.starts_with("3:")), "{shown} {gaps:?}");
    let (shown, gaps) = lowered("mkdir a\nif b; then\n  c )\nfi\nmkdir d\n");
    assert!(shown.starts_with("[mkdir a]") && shown.ends_with("[mkdir d]"), "{shown}");
    assert!(!gaps.is_empty(), "{shown}");
    for open in ["echo 'it\n", "mkdir a\necho $'it\nmkdir b\n"] {
        assert!(!lowered(open).1.is_empty(), "{open}");
    }
    let (_, gaps) = lowered("cat <<E\nx\n");
    assert_eq!(gaps, ["1: the heredoc has no end, because no line is `E`"]);
    let (_, gaps) = lowered("if a; then\n  b\n");
    assert_eq!(gaps, ["3: it does not parse: `fi` is missing"]);
    let (_, gaps) = lowered("a\nfi\nb\n");
    assert_eq!(gaps, ["2: it does not parse: `fi` stands where a command should"]);
}

#[test]
fn a_fault_costs_its_own_statement_however_long_the_others_are() {
    // These are longer than what is tried line by line. Each begins and ends where nothing is open.
    let long = format!("f() {{\n  case $1 in\n  a)\n{}    ;;\n  esac\n}}\n", "    mkdir b\n".repeat(200));
    let (shown, gaps) = lowered(&format!("{long}while a\ndo\n  fi\ndone\n{long}mkdir c\n"));
    assert_eq!(shown.matches("[mkdir b]").count(), 400, "{gaps:?}");
    assert!(shown.ends_with("[mkdir c]"), "{shown}");
    assert!(!gaps.is_empty() && gaps.iter().all(|gap| gap.starts_with("20")), "{gaps:?}");
}

#[test]
fn a_comment_behind_a_pipeline_of_three_misleads_no_if() {
    let (shown, gaps) = lowered("a | b | c\n# d\nif e > f; then\n  if g; then h; fi\nfi\nmkdir i\n");
    assert!(gaps.is_empty(), "{shown} {gaps:?}");
    assert!(shown.ends_with("[mkdir i]"), "{shown}");
}

#[test]
fn known_misparses_are_never_silent() {
    for text in [
        "((b; c) | d)", "echo $(a", "echo `a", "a )", "case x in a) b", "a && && b", "done", "{ a",
        "a `# b` c",
    ] {
        check_gap(text);
    }
}

/// The statements, comments and gaps of a text with all places. `plain` says whether its words are plain in the tree.
fn read(text: &str, plain: bool) -> String {
    let arena = Bump::new();
    let mut shell = Shell::new(&arena);
    shell.plain = plain;
    let text = arena.alloc_str(text);
    let block = shell.parse(text, FileId(0), OffsetMap::default());
    format!("{block:#?}\n{:#?}\n{:#?}", shell.comments, shell.gaps)
}

#[track_caller]
fn same_either_way(name: &str, text: &str) {
    let (plain, written) = (read(text, true), read(text, false));
    if plain == written {
        return;
    }
    let differs = plain.lines().zip(written.lines()).position(|(a, b)| a != b).unwrap_or(0);
    let around =
        |text: &str| text.lines().skip(differs.saturating_sub(12)).take(24).collect::<Vec<_>>().join("\n");
    panic!("{name}\nplain:\n{}\nas written:\n{}", around(&plain), around(&written));
}

#[test]
fn plain_words_lead_to_the_same_statements() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut scripts = 0;
    for folder in ["examples", "queries"] {
        for entry in ignore::WalkBuilder::new(root.join(folder)).build().flatten() {
            let name = entry.path().to_string_lossy().into_owned();
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            // The examples of a rule's page are fences.
            let fences = text.split("```").skip(1).step_by(2);
            let fences = fences
                .filter_map(|f| f.split_once('\n'))
                .filter(|(info, _)| info.starts_with("sh") || info.starts_with("bash"));
            let texts: Vec<&str> = match name.ends_with(".sh") {
                true => vec![&text],
                false => fences.map(|(_, text)| text).collect(),
            };
            for text in texts {
                scripts += 1;
                same_either_way(&name, text);
            }
        }
    }
    assert!(scripts > 100, "only {scripts} scripts were read");
}

#[test]
fn plain_words_hide_no_statement() {
    for text in [
        "a \"$x\" 'b c' d > \"$f\" e f 2>&1 g h",
        "> f a b; 2>f c d; e 3<f 4 5>g; h {fd}>i j",
        "X=\"$y\" Z='a b' cmd 'c d' e; A= b c; B+=\"$x\"; C=~/x; D=$((1 + 2)); env E=\"$y\" f g",
        "export A=\"$B\" \"$C\" $D; local e f=\"$g\"; unset $h i; readonly 'j'",
        "a \"$(b \"$c\" 'd e' f)\" g h `i \"$j\" k` l m",
        "if [ -f \"$a\" ] && [ \"$b\" = c ]; then [[ $d == e* || ( f && g ) ]]; fi",
        "[ \"$(a \"$b\" c)\" = d ] || test \"$x\" -a 'y z'; [ a ]; [ ]; [[ a =~ ^b\\ c$ ]] && d e",
        "for x in a \"$b\" \"$@\"; do c \"$x\" d; done < \"$f\" > g",
        "case \"$1\" in \"a\"|b*) c \"$d\" e ;; *) f g ;; esac > h",
        "f() { a \"$1\" b; }; function g { c 'd e' f; } > h; f a b; function i() ( j k )",
        "a b \\\n  c 'd\ne' \\\n  f\ng h",
        "a=(\"$b\" c 'd e') f; a[1]=\"$b\" g; a[$i]+=\"x\"; set -- \"${a[@]}\" h",
        "a {b,c}/d *.e ?f [g]h \\i ~/j $k $l/m.n $((1+2)) o{1..3}",
        "a | b c |& d \"$e\" & f g; ! h i; ! ! j k; time l m; { n o; } | p q; (r s) > t",
        "a <<EOF b 'c d' e\nx $y\nEOF\nf <<<\"$g h\" i j",
        "a # b \"c\nd e # f\n# g 'h\ni j",
        "a b; if c d; then e f; elif g h; then i j; else k l; fi; until m n; do o p; done",
        "a <(b c) d e > >(f g) h i; diff <(j \"$k\") 'l m'",
        "echo if then fi done; echo a=b c=\"$d\" e; a:b c; 1a b c",
        "a && b c || d \"e\" f; trap 'g h' EXIT; eval \"$i\" j; . ./k.sh l m",
        "a \"b\"c'd'$e f; \"$a\" b c; 'if' a b; $a$b c; \\if d e; a\\ b c d",
        "((a = b)); for ((i=0; i<3; i++)); do a \"$i\" b; done; a $(( b )) c d; $(a) b c",
    ] {
        let tree = parse(&mask(text).plain).unwrap();
        assert!(!tree.root().has_error(), "{text}");
        same_either_way(text, text);
    }
}
