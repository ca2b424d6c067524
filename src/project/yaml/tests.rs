use crate::project::yaml::*;
use crate::source::SourceFile;
use std::time::{Duration, Instant};

fn read(text: &str) -> (Sources, Result<Option<Node>, Gap>) {
    let mut sources = Sources::default();
    let file = SourceFile::new("compose.yaml", text.as_bytes().to_vec()).unwrap();
    let id = sources.add(file);
    let started = Instant::now();
    let parsed = parse(&sources, id);
    // It is some twenty times slower without optimisation on a busy machine.
    assert!(started.elapsed() < Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 }));
    (sources, parsed)
}

fn slice(sources: &Sources, span: Span) -> &str {
    &sources.file(span.file).text()[span.start as usize..span.end as usize]
}

#[test]
fn scalars_keep_their_text_and_place() {
    let (sources, node) = read(
        "# ü\nversion: 3.10\nrestart: no\nport: 0755\nname: \"é b\"\nempty:\non: true\nlist: [1, two]\n",
    );
    let node = node.unwrap().unwrap();
    for (key, text, written) in [
        ("version", "3.10", "3.10"),
        ("restart", "no", "no"),
        ("port", "0755", "0755"),
        ("name", "é b", "\"é b\""),
        ("on", "true", "true"),
    ] {
        let value = node.get(key).unwrap();
        assert_eq!(value.text(), Some(text), "{key}");
        assert_eq!(slice(&sources, value.span), written, "{key}");
    }
    assert_eq!(node.get("empty").unwrap().kind, Kind::Null);
    let keys = node.entries().unwrap().iter();
    let keys: Vec<&str> = keys.map(|(k, _)| slice(&sources, k.span)).collect();
    assert_eq!(keys, ["version", "restart", "port", "name", "empty", "on", "list"]);
    assert_eq!(slice(&sources, node.get("list").unwrap().span), "[1, two");
}

#[test]
fn anchors_and_merge_keys_point_to_the_definition() {
    let (sources, node) =
        read("x: &base\n  image: app\n  restart: always\ny:\n  <<: *base\n  restart: 'no'\n");
    let node = node.unwrap().unwrap();
    let y = node.get("y").unwrap();
    assert_eq!(y.get("restart").unwrap().text(), Some("no"));
    let image = y.get("image").unwrap();
    assert_eq!(image.text(), Some("app"));
    assert_eq!(slice(&sources, image.span), "app");
    assert_eq!(image.span.start, 18);
    assert!(y.entries().unwrap().iter().all(|(key, _)| key.text != "<<"));
}

#[test]
fn keys_written_twice_are_both_kept() {
    let (_, node) = read("a: 1\nb: 2\na: 3\n");
    let node = node.unwrap().unwrap();
    assert_eq!(node.entries().unwrap().len(), 3);
    assert_eq!(node.get("a").unwrap().text(), Some("3"));
}

#[test]
fn tags_do_not_hide_a_value() {
    let (_, node) = read("ports: !reset []\nimage: !custom x\nenv: !override\n  A: b\n");
    let node = node.unwrap().unwrap();
    assert_eq!(node.get("ports").unwrap().kind, Kind::List(Vec::new()));
    assert_eq!(node.get("image").unwrap().text(), Some("x"));
    assert_eq!(node.get("env").unwrap().get("A").unwrap().text(), Some("b"));
}

#[test]
fn what_is_no_yaml_is_a_gap_with_a_place() {
    for (text, line) in [
        ("a:\n\tb: 1\n", 2),
        ("a: [1, 2\nb: 3\n", 2),
        ("a: 'open\n", 1),
        ("a: *nowhere\n", 1),
        ("a: b: c\n", 1),
    ] {
        let (sources, node) = read(text);
        let gap = node.unwrap_err();
        let at = gap.place.unwrap().start;
        assert!(sources.file(FileId(0)).line(at) >= line, "{text:?}: {}", gap.reason);
        assert!(gap.reason.contains("line "), "{}", gap.reason);
    }
    assert_eq!(read("").1, Ok(None));
    assert_eq!(read("# only a comment\n").1, Ok(None));
}

#[test]
fn json_has_places_and_may_have_comments() {
    let text = "{\n\t// a comment, with \"quotes\"\n\t\"name\": \"a//b\", /* x */\n\t\"list\": [1, 2,],\n}\n";
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("package.json", text.into()).unwrap());
    let node = parse_json(&sources, id).unwrap().unwrap();
    let name = node.get("name").unwrap();
    assert_eq!(name.text(), Some("a//b"));
    assert_eq!(slice(&sources, name.span), "\"a//b\"");
    for (text, line) in [("{\"a\": 1\n", 2), ("{a: 1}", 1), ("{\"a\": tru}", 1), ("[1]\n}", 2)] {
        let id = sources.add(SourceFile::new("bad.json", text.into()).unwrap());
        let gap = parse_json(&sources, id).unwrap_err();
        assert_eq!(sources.file(id).line(gap.place.unwrap().start), line, "{text}");
    }
    let deep = "[".repeat(10_000);
    let id = sources.add(SourceFile::new("deep.json", deep.into()).unwrap());
    assert!(parse_json(&sources, id).is_err());
}

#[test]
fn hostile_files_end_in_a_gap_soon() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    let mut merge = String::from("m0: &m0 {k: v}\n");
    for level in 1..30 {
        let below = level - 1;
        let list = vec![format!("*a{below}"); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{list}]\n"));
        let list = vec![format!("*m{below}"); 10].join(", ");
        merge.push_str(&format!("m{level}: &m{level}\n  <<: [{list}]\n  k{level}: v\n"));
    }
    let flow = "[".repeat(10_000);
    let maps = "{a: ".repeat(10_000);
    let dashes = format!("{}x\n", "- ".repeat(10_000));
    let block: String = (0..2_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    let circle = "a: &a\n  b: *a\n".to_owned();
    let long = format!("services:\n{}", "  a: b\n".repeat(150_000));
    for (name, text) in [
        ("bomb", bomb),
        ("merge", merge),
        ("flow", flow),
        ("maps", maps),
        ("dashes", dashes),
        ("block", block),
        ("circle", circle),
        ("long", long),
    ] {
        let small_stack = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
        let thread = small_stack.spawn(move || read(&text).1.is_err()).unwrap();
        assert!(thread.join().unwrap(), "{name}");
    }
}

#[test]
fn what_can_be_read_of_a_broken_file_is() {
    let leaves = |node: &Node| -> Vec<String> {
        fn walk(node: &Node, path: &str, found: &mut Vec<String>) {
            match &node.kind {
                Kind::Text(text) => found.push(format!("{path}={text}")),
                Kind::Map(entries) => {
                    entries.iter().for_each(|(k, v)| walk(v, &format!("{path}/{}", k.text), found));
                }
                Kind::List(items) => items.iter().for_each(|item| walk(item, path, found)),
                Kind::Null => {}
            }
        }
        let mut found = Vec::new();
        walk(node, "", &mut found);
        found
    };
    for (text, left, reason) in [
        ("a: 1\nb: [x\nc: 2\n", "/a=1 /c=2", "skipped: line 2"),
        ("s:\n  a:\n    i: x\n    j: b: c\n  d:\n    i: y\n", "/s/a/i=x /s/d/i=y", "skipped: line 4"),
        ("s:\n  a:\n    i: x\n   j: y\n  d: z\ne: f\n", "/s/d=z /e=f", "skipped: line 2-4"),
        ("s:\n  a:\n    i: x\n\tj: y\n  d: z\n", "/s/a/i=x /s/d=z", "skipped: line 4"),
        ("l:\n- a\n- b: c: d\n- e\nm: n\n", "/l=a /l=e /m=n", "skipped: line 3"),
        ("{% x %}\na: 'b\n  c'\nd: \"\\q\"\n", "/a=b c", "skipped: line 1, 4"),
    ] {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("compose.yaml", text.into()).unwrap());
        let (documents, gaps) = parse_readable(&sources, file);
        assert_eq!(gaps.len(), 1, "{text}: {gaps:?}");
        assert!(gaps[0].reason.contains(reason), "{text}: {gaps:?}");
        assert_eq!(documents.iter().flat_map(leaves).collect::<Vec<_>>().join(" "), left, "{text}");
    }
    // Every missing anchor is reported once, with all lines that use it.
    let text = "s:\n  a: {b: *no, c: d}\n  e:\n    <<: *no\n    f: g\n  h: *other\n  i: *others\nothers: 1\n";
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new("compose.yaml", text.into()).unwrap());
    let (documents, gaps) = parse_readable(&sources, file);
    let reasons: Vec<&str> = gaps.iter().map(|gap| gap.reason.rsplit("; ").next().unwrap()).collect();
    assert_eq!(reasons, ["skipped: line 2, 4", "skipped: line 6", "skipped: line 7"]);
    assert_eq!(documents.iter().flat_map(leaves).collect::<Vec<_>>(), ["/s/e/f=g", "/others=1"]);
}

#[test]
fn tags_are_kept_and_documents_are_told_apart() {
    let text = "a: !reset [1]\nb: !override\n  c: !x d\ne: !!str 1\nf: !reset\n---\ng: h\n";
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new("compose.yaml", text.into()).unwrap());
    let (documents, gaps) = parse_readable(&sources, file);
    assert_eq!((documents.len(), gaps.len()), (2, 0));
    let tag = |node: Option<&Node>| node.unwrap().tag.clone().map(String::from);
    let get = |key: &str| documents[0].get(key);
    assert_eq!(tag(get("a")).as_deref(), Some("!reset"));
    assert_eq!(tag(get("b")).as_deref(), Some("!override"));
    assert_eq!(tag(get("b").unwrap().get("c")).as_deref(), Some("!x"));
    assert_eq!((tag(get("e")), get("e").unwrap().text()), (None, Some("1")));
    assert_eq!(tag(get("f")).as_deref(), Some("!reset"));
    assert_eq!(slice(&sources, get("a").unwrap().span), "[1");
    assert_eq!(documents[1].get("g").unwrap().text(), Some("h"));
}
