use crate::project::unit::*;
use crate::source::SourceFile;

fn read(text: &str) -> (Sources, Unit) {
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("web.service", text.as_bytes().to_vec()).unwrap());
    let unit = Unit::of_file(&sources, id);
    (sources, unit)
}

fn slice(sources: &Sources, span: Span) -> &str {
    &sources.file(span.file).text()[span.start as usize..span.end as usize]
}

const WEB: &str = r#"# made by hand
[Unit]
Description=Web
After=network.target postgresql.service
After = redis.service

[Service]
Type=notify
User=app
; the code
WorkingDirectory=-/srv/app
Environment="PATH=/srv/app/venv/bin:/usr/bin" DEBUG=0
Environment='GREETING=good day'
EnvironmentFile=-/srv/app/.env
ExecStart=/usr/bin/old
ExecStart=
ExecStart=-/srv/app/venv/bin/gunicorn \
    --workers 4 \
# a comment between
    --name "my shop" \
    shop.wsgi
ExecStop=/bin/kill -s TERM $MAINPID

[Install]
WantedBy=multi-user.target
"#;

#[test]
fn a_unit_is_read_with_places() {
    let (sources, unit) = read(WEB);
    assert_eq!(unit.problems, []);
    let names: Vec<&str> = unit.sections.iter().map(|s| s.0.as_str()).collect();
    assert_eq!(names, ["Unit", "Service", "Install"]);
    assert_eq!(unit.user().unwrap().value, "app");
    assert_eq!(slice(&sources, unit.user().unwrap().span), "User=app");
    assert_eq!(slice(&sources, unit.user().unwrap().value_span), "app");
    assert_eq!(unit.working_directory().unwrap().value, "-/srv/app");
    assert_eq!(unit.service_type(), "notify");
    assert!(unit.has_install());

    let starts = unit.exec_start();
    let [start] = starts.as_slice() else {
        panic!("the empty assignment resets the list: {starts:?}");
    };
    assert_eq!(start.prefix, "-");
    assert_eq!(start.program, "/srv/app/venv/bin/gunicorn");
    assert_eq!(start.args, ["--workers", "4", "--name", "my shop", "shop.wsgi"]);
    let written = slice(&sources, start.span);
    assert!(written.starts_with("-/srv/app") && written.ends_with("shop.wsgi"));

    let after: Vec<String> = unit.units_of("After").into_iter().map(|u| u.0).collect();
    assert_eq!(after, ["network.target", "postgresql.service", "redis.service"]);
    let environment: Vec<(String, String)> =
        unit.environment().into_iter().map(|(name, value, _)| (name, value)).collect();
    let expected = [("PATH", "/srv/app/venv/bin:/usr/bin"), ("DEBUG", "0"), ("GREETING", "good day")];
    assert_eq!(environment.len(), 3);
    for (got, (name, value)) in environment.iter().zip(expected) {
        assert_eq!((got.0.as_str(), got.1.as_str()), (name, value));
    }
    let files = unit.environment_files();
    assert_eq!((files[0].path.as_str(), files[0].optional), ("/srv/app/.env", true));
}

#[test]
fn command_lines_are_split_as_systemd_does() {
    let (_, unit) = read(
        "[Service]\nType=oneshot\nExecStart=@/bin/sh sh -c 'echo a; b' ; !!/bin/true\nExecStart=:+/bin/echo \\; \"x\\\"y\"\n",
    );
    let starts = unit.exec_start();
    let programs: Vec<&str> = starts.iter().map(|e| e.program.as_str()).collect();
    assert_eq!(programs, ["/bin/sh", "/bin/true", "/bin/echo"]);
    assert_eq!(starts[0].args, ["-c", "echo a; b"]);
    assert_eq!(starts[1].prefix, "!!");
    assert_eq!(starts[2].prefix, ":+");
    assert!(unit.is_oneshot());
    assert!(!unit.has_install());
}

#[test]
fn lines_that_systemd_ignores_are_named() {
    let (sources, unit) = read("User=app\n[Unit\n[Service]\nExecStart /bin/true\n  User = app  \n");
    let lines: Vec<&str> = unit.problems.iter().map(|p| slice(&sources, p.span)).collect();
    assert_eq!(lines, ["User=app", "[Unit", "ExecStart /bin/true"]);
    assert_eq!(unit.user().unwrap().value, "app");
    assert_eq!(slice(&sources, unit.user().unwrap().span), "User = app");
}

#[test]
fn odd_texts_do_no_harm() {
    for text in ["", "[Service]", "[Service]\nExecStart=", "[Service]\nUser=a\\", "=\n", "[]\n=x", "[S]\n="] {
        let (_, unit) = read(text);
        assert_eq!(
            unit.user().map_or("", |u| u.value.trim_end()),
            if text.contains("User") { "a" } else { "" }
        );
        assert_eq!(unit.exec_start(), []);
    }
    let (sources, unit) = read("\u{feff}[Service]\r\nUser=é\r\nExecStart=\"open\r\n");
    assert_eq!(slice(&sources, unit.user().unwrap().value_span), "é");
    assert_eq!(unit.exec_start()[0].program, "open");
    let (_, long) = read(&format!("[Service]\n{}", "ExecStart=a \\\n".repeat(50_000)));
    assert_eq!(long.directives.len(), 1);
}

#[test]
fn a_heredoc_with_holes_leads_back_to_the_script() {
    let mut sources = Sources::default();
    let script = "cat > x <<EOF\n[Service]\nUser=$APP\nExecStart=$DIR/run a\nEOF\n";
    let file = sources.add(SourceFile::new("start.sh", script.into()).unwrap());
    // The shell floor would pass this on: `$APP` is known, and `$DIR` is a hole.
    let body = script.find("[Service]").unwrap() as u32;
    let (app, dir) = (script.find("$APP").unwrap() as u32, script.find("$DIR").unwrap() as u32);
    let mut map = OffsetMap::shifted(body);
    let mut text = String::from("[Service]\nUser=");
    map.push_collapsed(text.len() as u32, app..app + 4);
    text.push_str("application");
    map.push_verbatim(text.len() as u32, app + 4);
    text.push_str("\nExecStart=");
    map.push_collapsed(text.len() as u32, dir..dir + 4);
    text.push_str("\u{1}(some text)\u{2}");
    map.push_verbatim(text.len() as u32, dir + 4);
    text.push_str("/run a\n");
    let unit = Unit::parse(&MappedText { text, file, map });
    assert_eq!(unit.user().unwrap().value, "application");
    assert_eq!(slice(&sources, unit.user().unwrap().value_span), "$APP");
    let start = &unit.exec_start()[0];
    assert_eq!(start.program, "\u{1}(some text)\u{2}/run");
    assert_eq!(slice(&sources, start.span), "$DIR/run a");
}

#[test]
fn timers_sockets_and_templates_name_their_service() {
    for (name, text, triggered) in [
        ("backup.timer", "[Timer]\nOnCalendar=daily\n", Some("backup.service")),
        ("a.timer", "[Timer]\nUnit=b.service\n", Some("b.service")),
        ("web.socket", "[Socket]\nAccept=yes\n", Some("web@.service")),
        ("web.service", "", None),
    ] {
        assert_eq!(read(text).1.triggers(name).as_deref(), triggered, "{name}");
    }
    assert_eq!(template_of("w@1.service").as_deref(), Some("w@.service"));
    assert_eq!(template_of("w@1").as_deref(), Some("w@.service"));
    assert_eq!(template_of("w@.service"), None);
    assert_eq!(template_of("w.service"), None);
    assert_eq!(UnitKind::of("nginx"), UnitKind::Service);
    assert_eq!(UnitKind::of("a.timer"), UnitKind::Timer);
}

#[test]
fn systemd_makes_directories_that_may_be_named_by_the_unit() {
    let made = |name: &str, lines: &str| read(&format!("[Service]\n{lines}\n")).1.made_directories(name);
    assert_eq!(
        made("shop.service", "StateDirectory=%N shop/a:b\nLogsDirectory=%p/%n"),
        ["/var/lib/shop", "/var/lib/shop/a", "/var/log/shop/shop.service"]
    );
    assert_eq!(made("shop-job@mail.service", "CacheDirectory=%j/%i/%%x"), ["/var/cache/job/mail/%x"]);
    assert_eq!(made("job@.service", "RuntimeDirectory=%p-%i %H"), ["/run/job-%i", "/run/%H"]);
    assert_eq!(made("shop.service", "StateDirectory=a\nStateDirectory="), [""; 0]);
}
