use super::*;

/// Checks the masked text, written with `·` for the blanks of bodies and operators.
#[track_caller]
fn check(text: &str, expected: &str) -> Vec<Heredoc> {
    let masked = mask(text);
    assert_eq!(masked.text, expected.replace('·', " "), "of {text:?}");
    assert_eq!(masked.text.len(), text.len());
    masked.heredocs
}

/// Checks that nothing is a heredoc or here-string.
#[track_caller]
fn check_plain(text: &str) {
    assert_eq!(mask(text).text, text);
    assert!(mask(text).heredocs.is_empty(), "{text:?}");
}

#[test]
fn a_body_and_its_delimiters_are_blanked() {
    let text = "cat <<EOF | sudo tee f; z\nExecStart=$x\nEOF\nnext\n";
    let heredocs = check(text, "cat <____ | sudo tee f; z\n············\n···\nnext\n");
    let [heredoc] = &heredocs[..] else {
        panic!("one heredoc");
    };
    assert_eq!(&text[heredoc.operator.clone()], "<<EOF");
    assert_eq!(heredoc.delimiter, "EOF");
    assert_eq!(&text[heredoc.body.clone()], "ExecStart=$x\n");
    assert_eq!(&text[heredoc.delimiter_line.clone()], "EOF");
    assert!(heredoc.closed && !heredoc.quoted && !heredoc.strip_tabs);
}

#[test]
fn any_quote_in_the_delimiter_stops_expansion() {
    for (operator, delimiter, quoted) in [
        ("<<EOF", "EOF", false),
        ("<< 'E O'", "E O", true),
        ("<<\"EOF\"", "EOF", true),
        ("<<\\EOF", "EOF", true),
        ("<<E'O'F", "EOF", true),
        ("<<$'EOF'", "EOF", true),
        ("<<[-]EOF", "[-]EOF", false),
        ("<<-EOF", "EOF", false),
        ("<<é", "é", false),
        ("<<''", "", true),
    ] {
        let text = format!("cat {operator} >f\nbody\n{delimiter}\nnext");
        let masked = mask(&text);
        let heredoc = &masked.heredocs[0];
        assert_eq!(&text[heredoc.operator.clone()], operator);
        assert_eq!((&*heredoc.delimiter, heredoc.quoted), (delimiter, quoted));
        assert_eq!(&text[heredoc.body.clone()], "body\n", "{operator}");
        assert!(heredoc.closed);
        let underscores = "_".repeat(operator.len() - 1);
        assert!(masked.text.starts_with(&format!("cat <{underscores} >f\n    \n")));
        assert!(masked.text.ends_with("\nnext"));
    }
}

#[test]
fn only_a_dash_strips_tabs() {
    let heredocs = check(
        "cat <<-EOF\n\ta\n\tEOF\ncat <<EOF\n\tEOF\nEOF\n",
        "cat <_____\n··\n····\ncat <____\n····\n···\n",
    );
    assert!(heredocs[0].strip_tabs && heredocs[0].closed);
    assert_eq!(heredocs[1].body.len(), 5);
}

#[test]
fn bodies_come_in_the_order_of_their_operators() {
    let text = "cat <<A - <<'B'\na <<C\nA\nb\nB\nnext\n";
    let heredocs = check(text, "cat <__ - <____\n·····\n·\n·\n·\nnext\n");
    let bodies: Vec<_> = heredocs.iter().map(|h| &text[h.body.clone()]).collect();
    assert_eq!(bodies, ["a <<C\n", "b\n"]);
}

#[test]
fn the_line_of_the_operator_goes_on() {
    check("cat <<EOF \\\n  | tee f\nbody\nEOF\nz\n", "cat <____ \\\n  | tee f\n····\n···\nz\n");
    check("cat << \\\nEOF\nbody\nEOF\nz\n", "cat <__\\\n___\n····\n···\nz\n");
    check("cat <<EOF 'a\nb'\nbody\nEOF\nz\n", "cat <____ 'a\nb'\n····\n···\nz\n");
}

#[test]
fn a_body_that_is_not_closed_runs_to_the_end() {
    let heredocs = check("cat <<EOF\na\n EOF\n", "cat <____\n·\n····\n");
    assert!(!heredocs[0].closed);
    assert_eq!(heredocs[0].body, 10..17);
    assert_eq!(heredocs[0].delimiter_line, 17..17);
    assert!(!check("cat <<EOF", "cat <____")[0].closed);
}

#[test]
fn a_continued_line_is_no_delimiter_unless_quoted() {
    let continued = check("cat <<A\nx \\\nA\ny\nA\nz", "cat <__\n···\n·\n·\n·\nz");
    assert_eq!(continued.len(), 1);
    check("cat <<'A'\nx \\\nA\nz", "cat <____\n···\n·\nz");
}

#[test]
fn substitutions_hold_heredocs() {
    check("x=$(cat <<EOF\n)'\"\nEOF\n)\ny", "x=$(cat <____\n···\n···\n)\ny");
    check("x=\"$(cat <<'EOF'\n)'\"\nEOF\n)\"\ny <<<z", "x=\"$(cat <______\n···\n···\n)\"\ny <··z");
    check("x=`cat <<EOF\na\nEOF\n`; y", "x=`cat <____\n·\n···\n`; y");
    check("x=`cat <<EOF\na\nEOF`; y", "x=`cat <____\n·\n···`; y");
    // bash(1) does not promise this, but bash does it.
    check("x=$(cat <<EOF\na\nEOF)\ny", "x=$(cat <____\n·\n···)\ny");
    check("diff <(cat <<A\na\nA\n) <(cat <<B\nb\nB\n)", "diff <(cat <__\n·\n·\n) <(cat <__\n·\n·\n)");
}

#[test]
fn an_outer_heredoc_waits_for_the_end_of_its_own_line() {
    check("cat <<A \"$(cat <<B\nb\nB\n)\"\na\nA\nz", "cat <__ \"$(cat <__\n·\n·\n)\"\n·\n·\nz");
    check("x=$(cat <<A)\na\nA\nz", "x=$(cat <__)\n·\n·\nz");
}

#[test]
fn quotes_and_comments_hold_no_heredoc() {
    for text in [
        "echo '<<A'", "echo \"<<A\"", "echo $'\\'<<A'", "# cat <<A", "a # don't <<A", "echo \"${x#'}'<<A}\"",
        "echo ${x:-<<A}", "echo \"`echo '<<A'`\"", "alias a='b' # it's <<A\nz",
    ] {
        check_plain(text);
    }
}

#[test]
fn a_hash_inside_a_word_is_no_comment() {
    for before in ["a#b", "$#", "${#x}", "${x#y}", "$(( 16#ff ))", "'x'#"] {
        let text = format!("echo {before} <<A\nb\nA\nz");
        assert_eq!(mask(&text).heredocs.len(), 1, "{text}");
    }
}

#[test]
fn a_shift_is_no_heredoc() {
    for text in [
        "x=$((1<<4))",
        "((x = 1 << y))\nz",
        "for ((i=1; i<8; i<<=1)); do a; done",
        "x=$[1<<4]",
        "a[1<<2]=3",
        "if ((a<<2)); then b; fi",
        "x=\"$((1<<n))\"",
        "[[ $a << b ]]",
    ] {
        check_plain(text);
    }
}

#[test]
fn two_subshells_are_no_arithmetic() {
    check("((cat <<A\na\nA\n) | b)\nz", "((cat <__\n·\n·\n) | b)\nz");
    check("x=$((cat <<A\na\nA\n) | b)\nz", "x=$((cat <__\n·\n·\n) | b)\nz");
}

#[test]
fn a_parenthesis_of_a_case_pattern_closes_nothing() {
    check(
        "x=$(case $y in a|b) cat <<A\n)\nA\n;; (c) d;; esac; cat <<B\nb\nB\n)\nz",
        "x=$(case $y in a|b) cat <__\n·\n·\n;; (c) d;; esac; cat <__\n·\n·\n)\nz",
    );
    check_plain("case case in in) case;; esac; echo \"$(case x in x) echo '<<A';; esac)\"");
    // `case` as an argument opens nothing.
    check("(echo case in a); x=$(echo case) <<A\na\nA\nz", "(echo case in a); x=$(echo case) <__\n·\n·\nz");
}

#[test]
fn tests_and_patterns_do_not_swallow_what_follows() {
    for before in [
        "[[ $x =~ ^(#|a) ]]",
        "[[ $x =~ [[:space:]] ]]",
        "[[ ( a || b ) ]]",
        "ls !(a|b) @(#|c)",
        "a=(x 'y' # don't\n z)",
        "f() { :; }",
        "case x in @(a|b)) [[ y ]];; esac",
        "echo ${x:-\"}\"} ${y%\\}}",
        "x=\"a`echo \\\"b\\\"`\"",
        "cat <>f 2>&1 &>g",
    ] {
        let text = format!("{before}\ncat <<A\nb\nA\nz");
        assert_eq!(mask(&text).heredocs.len(), 1, "{text}");
    }
}

#[test]
fn a_here_string_keeps_its_word() {
    let text = "read a <<<\"$x\" <<< y\nz";
    let masked = mask(text);
    assert_eq!(masked.text, "read a <  \"$x\" <   y\nz");
    assert_eq!(masked.herestrings, [7..10, 15..18]);
}

#[test]
fn a_dollar_where_the_grammar_splits_a_word_is_hidden() {
    for (text, expected) in [
        ("cp $a/$b.c $d", "cp $a/%b.c $d"),
        ("PATH=$PATH:$HOME/bin", "PATH=$PATH:%HOME/bin"),
        ("cd \"$a\"/$1/$b$c/d", "cd \"$a\"/%1/%b%c/d"),
        ("e x=(${a}/$b.c) > $a/$$.d", "e x=(${a}/%b.c) > $a/%%.d"),
        ("echo {$a,$b}", "echo {%a,%b}"),
        ("echo `a $b/$c.d`", "echo `a $b/%c.d`"),
        // A word that has one expansion, at its end or in quotes, parses.
        ("cp x/$c.d $a/$b $a/${b}.c", "cp x/$c.d $a/$b $a/${b}.c"),
        ("a=$b/c; echo \"$a/$b.c\" $(($a+$b+1))", "a=$b/c; echo \"$a/$b.c\" $(($a+$b+1))"),
    ] {
        let masked = mask(text);
        assert_eq!(masked.text, expected);
        let hidden: Vec<usize> = expected.match_indices('%').map(|(i, _)| i).collect();
        assert_eq!(masked.dollars, hidden);
    }
}

#[test]
fn a_heredoc_in_a_body_is_text() {
    check("ssh h <<A\ncat <<B\nb\nB\nA\nz", "ssh h <__\n·······\n·\n·\n·\nz");
}

#[test]
fn any_text_keeps_its_length_and_lines() {
    let pieces = [
        "<<", "A\n", "'", "\"", "$(", ")", "`", "((", "))", "\\", "case x in ", "esac ", "é", "${", "}",
        "[[ ", " ]]", "#", "<<-", ";;", " ", "a[", "]",
    ];
    // A small generator, so that the test has the same result every time.
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        let masked = mask(&text);
        assert_eq!(masked.text.len(), text.len(), "{text:?}");
        for (was, is) in text.bytes().zip(masked.text.bytes()) {
            let ends_pipeline = was == b'\n' && is == b';';
            assert!(ends_pipeline || (was == b'\n') == (is == b'\n'), "{text:?}");
        }
        for heredoc in &masked.heredocs {
            for range in [&heredoc.operator, &heredoc.body, &heredoc.delimiter_line] {
                assert!(text.get(range.clone()).is_some(), "{text:?} {heredoc:?}");
            }
        }
    }
}

#[test]
fn hostile_nesting_takes_linear_time() {
    for unit in
        ["((", "$(", "$((", "`", "\"$(", "case x in a) ", "<<A ", "$(<<A\n", "(<<A\n", ")", "a[", "[[ "]
    {
        let text = unit.repeat(40_000) + &") <<A\n".repeat(20_000);
        let started = std::time::Instant::now();
        mask(&text);
        let took = started.elapsed();
        assert!(took.as_secs() < 5, "{unit:?} took {took:?}");
    }
}

#[test]
fn what_the_grammar_reads_otherwise_is_written_otherwise() {
    for (text, expected) in [
        ("for x do a; done", "for x;do a; done"),
        ("for x in do; do a; done", "for x in do; do a; done"),
        ("a= b=$(c) d=(e)", "a=;b=$(c);d=(e)"),
        ("a= b=$(c 2>f) d", "a= b=$(c 2>f) d"),
        ("x=$(a= b=c)", "x=$(a=;b=c)"),
        // One statement stays one statement.
        ("c && a=1 b=2", "c && a=1 b=2"),
        ("c &&\n  a=1 b=2\na=1 b=2", "c &&\n  a=1 b=2\na=1;b=2"),
        ("if ! A=1 b=(c); then d; fi", "if !     b=(c); then d; fi"),
        ("x=$(a) 2>/dev/null || b", "x=$(a)             || b"),
        ("x=1 >f a >g", "x=1 >f a >g"),
        ("a | ((b; c) | d)", "a |( (b; c) | d)"),
        ("(( a ))", "(( a ))"),
        ("exec 3<>/dev/tcp/h/1", "exec 3< /dev/tcp/h/1"),
        ("if (a) then b; fi", "if (a);then b; fi"),
        ("while x=$(a)\n  do b; done", "while x=$(a)\n  do b; done"),
        ("a | b | c\nd > f", "a | b | c;d > f"),
        ("a | b |\n c # x\nd > f", "a | b |\n c;# x\nd > f"),
        ("case a in b) a | b | c\n;; esac", "case a in b) a | b | c\n;; esac"),
        ("a | b\nd > f", "a | b\nd > f"),
        ("a || b || c\nd > f", "a || b || c\nd > f"),
    ] {
        assert_eq!(mask(text).text, expected);
    }
}

#[test]
fn commands_are_found_by_quotes_and_reserved_words() {
    for (text, commands) in [
        ("a b; c | d && e", vec!["a", "c", "d", "e"]),
        ("if a; then b; elif ! c; then :; else d; fi", vec!["a", "b", "c", ":", "d"]),
        ("f() { a; }\nfunction g { b; }\nh () (c)", vec!["a", "b", "c"]),
        ("for x in a b; do c \"$(d \"`e`\")\"; done", vec!["c", "d", "e"]),
        ("case $(a) in b|c) d;; (e) f;; esac", vec!["a", "d", "f"]),
        ("A=1 B=2 a; C=$(b)", vec!["A", "C", "b"]),
        ("[ -f a ] && [[ b ]] || (( c ))", vec!["[ ", "[[", "(("]),
        ("cat <<E > f; a\nb\nE\nc", vec!["cat", "a", "c"]),
        ("time -p a | b; >f c d", vec!["time", "b", "c"]),
        ("x='a; b' \"c; d\" # e; f", vec!["x"]),
    ] {
        let begun: Vec<&str> = mask(text).commands.iter().map(|at| &text[*at..]).collect();
        let right = begun.iter().zip(&commands).all(|(begun, command)| begun.starts_with(command));
        assert!(right && begun.len() == commands.len(), "{text}: {begun:?}");
    }
}
