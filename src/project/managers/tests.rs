use crate::project::managers::*;
use crate::source::SourceFile;

fn file(name: &str, text: &str) -> (Sources, FileId) {
    let mut sources = Sources::default();
    let file = sources.add(SourceFile::new(name, text.into()).unwrap());
    (sources, file)
}

/// Each process as a line `name: command (directory, user, VARIABLES)`.
fn shown(processes: &[Process]) -> Vec<String> {
    let shown = processes.iter().map(|p| {
        let variables = p.environment.iter().map(|(name, value)| format!("{name}={value}"));
        let about: Vec<String> = p.directory.iter().chain(&p.user).cloned().chain(variables).collect();
        let stopped = if p.starts { "" } else { " (not started)" };
        format!("{}: {} ({}){stopped}", p.name, p.command.join(" "), about.join(", "))
    });
    shown.collect()
}

fn pm2(name: &str, text: &str) -> (Vec<String>, Vec<String>) {
    let (sources, id) = file(name, text);
    let (processes, gaps) = ecosystem::read(&sources, id);
    let line = |gap: &Gap| gap.place.map_or(0, |place| sources.line(place));
    (shown(&processes), gaps.iter().map(|gap| format!("{}: {}", line(gap), gap.reason)).collect())
}

#[test]
fn an_ecosystem_of_pm2() {
    let text = "const ROOT = '/srv/shop';
module.exports = {
  apps: [
    {
      name: 'web',
      script: 'node_modules/.bin/next',
      args: 'start -p 3000',
      cwd: `${ROOT}/frontend`,
      instances: 'max',
      env: { NODE_ENV: 'development', PORT: 3000 },
      env_production: { NODE_ENV: 'production' },
    },
    { script: 'worker.py', interpreter: './venv/bin/python', args: ['--queue', 'mail'], user: 'shop' },
    { name: 'cron', script: 'npm', args: 'run cron', autostart: false },
  ],
};
";
    let expected = [
        "web: node_modules/.bin/next start -p 3000 (/srv/shop/frontend, PORT=3000, NODE_ENV=production)",
        "worker: ./venv/bin/python worker.py --queue mail (shop)",
        "cron: npm run cron () (not started)",
    ];
    let (processes, gaps) = pm2("ecosystem.config.js", text);
    assert_eq!(processes, expected);
    assert_eq!(gaps, Vec::<String>::new());
    let (processes, _) =
        pm2("ecosystem.config.yaml", "apps:\n  - name: web\n    script: app.js\n    cwd: /srv\n");
    assert_eq!(processes, ["web: node app.js (/srv)"]);
    let (processes, _) =
        pm2("ecosystem.config.json", "{\"apps\": [{\"name\": \"web\", \"script\": \"app.js\"}]}");
    assert_eq!(processes, ["web: node app.js ()"]);
}

#[test]
fn an_ecosystem_that_is_computed_or_broken_is_a_gap() {
    let (processes, gaps) = pm2("ecosystem.config.js", "module.exports = {\n  apps: names.map(one),\n};\n");
    assert_eq!(processes, Vec::<String>::new());
    assert_eq!(gaps, ["2: its `apps` are computed: they are not read"]);
    let text = "module.exports = {\n  apps: [\n    { name: 'web', script: 'app.js' },\n    { script: f() },\n    { name: 'jobs', script: f(), cwd: '/srv' },\n  ],\n};\n";
    let (processes, gaps) = pm2("ecosystem.config.js", text);
    assert_eq!(processes, ["web: node app.js ()", "jobs:  (/srv)"]);
    assert_eq!(gaps, ["4: this app is computed: it is not read"]);
    let (_, gaps) = pm2("ecosystem.config.js", "module.exports = {\n  apps: [{ name: 'web', \n};\n");
    assert!(gaps.iter().any(|gap| gap.contains("not readable as JavaScript")), "{gaps:?}");
    let (_, gaps) = pm2("ecosystem.config.js", "const x = 1;\n");
    assert_eq!(gaps, ["1: it names no `apps` that pm2 could start"]);
}

fn supervised(text: &str) -> (Vec<String>, Vec<String>) {
    let (sources, id) = file("supervisord.conf", text);
    let (processes, problems) = crate::project::managers::supervisor::of_file(&sources, id);
    let problems = problems.iter().map(|p| format!("{}: {}", sources.line(p.span), p.reason));
    (shown(&processes), problems.collect())
}

#[test]
fn programs_of_supervisor() {
    let text = "; all of them
[supervisord]
nodaemon=true

[program:celery]
command=/srv/venv/bin/celery -A shop
  worker -l info ; the workers
directory = /srv/%(program_name)s
user: shop
environment=A=\"1,2\",B='x y', C=3
autostart=false

[group:shop]
programs=celery
";
    let expected = [
        "celery: /srv/venv/bin/celery -A shop worker -l info (/srv/celery, shop, A=1,2, B=x y, C=3) (not started)",
    ];
    assert_eq!(supervised(text), (expected.map(str::to_owned).to_vec(), Vec::new()));
}

#[test]
fn what_supervisord_refuses_has_its_line() {
    let text = "user=x\n[program:web\ncommand=web\n[program:beat]\nuser=shop\n[program:api]\ncommand=api\nnonsense\n";
    let (processes, problems) = supervised(text);
    assert_eq!(processes, ["api: api ()"]);
    assert_eq!(
        problems,
        [
            "1: supervisord refuses the file, because this line is before the first section",
            "2: supervisord refuses the file, because a section has no `]`",
            "8: supervisord refuses the file, because this line has no `=`",
            "4: supervisord refuses the file, because `program:beat` has no `command`",
        ]
    );
}
