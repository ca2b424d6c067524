//! Which scripts are judged, and which of them together.

use crate::support::{Ran, project, run};

/// A deploy whose second run fails.
const DEPLOYS: &str =
    "#!/bin/bash\nset -e\ncd /srv/shop\ngit pull\nnpm ci\nmkdir /srv/shop/up\nsystemctl restart shop\n";

/// The findings in these files, and the scripts that were checked.
fn said_of(files: &[(&str, &str)]) -> Ran {
    let dir = project(files);
    run(dir.path(), &["check", "-v", "--select", "rerun", "--confidence", "low"])
}

#[test]
fn a_wrapper_that_runs_the_deploy_does_not_stand_for_it() {
    let menu = "#!/bin/bash\nread -r -p 'which? ' w\nif [ \"$w\" = 1 ]; then\n  bash ./deploy.sh\nfi\n";
    let ship = "#!/bin/bash\nssh deploy@example.org bash -s < ./deploy.sh\n";
    for (name, text) in [("menu.sh", menu), ("ship.sh", ship)] {
        let ran = said_of(&[("deploy.sh", DEPLOYS), (name, text)]);
        assert!(ran.err.contains("checked deploy.sh") && !ran.err.contains(name), "{}", ran.err);
        assert!(ran.out.contains("error[rerun/existing-path]"), "{}", ran.out);
        assert!(!ran.out.contains("confidence"), "{}", ran.out);
    }
}

#[test]
fn of_scripts_that_run_each_other_one_is_judged() {
    let install =
        "#!/bin/bash\nset -e\nuseradd shop\napt-get install -y nginx\n[ \"$1\" = all ] && bash ./update.sh\n";
    let update = format!("{DEPLOYS}[ \"$1\" = new ] && bash ./install.sh\n");
    let ran = said_of(&[("install.sh", install), ("update.sh", &update)]);
    assert!(ran.err.contains("checked install.sh") && !ran.err.contains("checked update.sh"), "{}", ran.err);
    assert!(ran.out.contains("install.sh:3:1") && ran.out.contains("update.sh:6:1"), "{}", ran.out);
}

#[test]
fn what_a_deploy_sources_from_a_pipeline_is_judged() {
    for path in ["ci/all.sh", "tests/all.sh", "hooks/all.sh"] {
        let install = format!("#!/bin/bash\nset -e\n. ./{path}\n");
        let ran = said_of(&[("install.sh", &install), (path, "apt-get install -y nginx\nuseradd shop\n")]);
        assert!(ran.out.contains(&format!("{path}:2:1")), "{}{}", ran.out, ran.err);
    }
}

#[test]
fn what_a_script_beside_the_deploy_sources_is_judged() {
    let demo = "#!/bin/bash\nset -e\n. ./lib.sh\nset_up\n";
    let lib = "set_up() {\n  mkdir -p /srv/demo\n  chmod 777 /srv/demo\n}\n";
    let dir = project(&[
        ("deploy.sh", DEPLOYS),
        ("demo.sh", &format!("{demo}apt-get install -y nginx\ncd /srv/demo\nnpm ci\n")),
        ("lib.sh", lib),
    ]);
    let ran = run(dir.path(), &["check", "-v", "--select", "permissions"]);
    assert!(
        ran.err.contains("demo.sh") && ran.err.contains("sets up a demo beside the deploy"),
        "{}",
        ran.err
    );
    assert!(ran.out.contains("lib.sh:3:"), "{}{}", ran.out, ran.err);
}

#[test]
fn a_script_that_is_called_by_its_path_is_judged_where_it_is_called() {
    let user = "#!/bin/bash\nset -e\nid shop || useradd --system shop\n";
    let told = |call: &str, first: &str, path: &str| {
        let packages = "#!/bin/bash\nset -e\napt-get update\napt-get install -y nginx\nmkdir -p /opt/shop\n";
        let install = format!("{packages}{first}{call}\nchown shop:shop /opt/shop\n");
        let dir = project(&[("install.sh", &install), (path, user)]);
        run(dir.path(), &["check", "--select", "permissions/too-early"]).out
    };
    let early = "chown shop:shop /opt/shop\n";
    let by_path = ["./scripts/user.sh", "\"$(dirname \"$0\")/scripts/user.sh\"", "sudo ./scripts/user.sh"];
    for call in by_path {
        let out = told(call, early, "scripts/user.sh");
        assert!(out.contains("`shop` is created only on line 3 of scripts/user.sh"), "{call}: {out}");
        assert!(told(call, "", "scripts/user.sh").starts_with("no findings"), "{call}");
    }
    // It may be skipped, it runs elsewhere, or it is not in the repo.
    for call in [
        "if [ \"$1\" = new ]; then ./scripts/user.sh; fi",
        "ssh root@example.org ./scripts/user.sh",
        "./scripts/accounts.sh",
    ] {
        assert!(told(call, early, "scripts/user.sh").starts_with("no findings"), "{call}");
    }
}

/// A script that brings the code to a host and restarts the app.
fn deploys_to(host: &str, more: &str) -> String {
    format!(
        "#!/bin/bash\nset -e\nssh deploy@{host} bash <<'EOF'\nset -e\ncd /srv/shop\ngit pull\nsudo apt-get install -y git\n\
         . venv/bin/activate\npip install -r requirements.txt\n{more}sudo systemctl restart shop\nEOF\n"
    )
}

#[test]
fn a_migration_of_another_server_does_not_stand_in_for_the_missing_one() {
    let files = |web: &str, jobs: &str| {
        let dir = project(&[
            ("web.sh", &deploys_to("web.example.org", web)),
            ("jobs.sh", &deploys_to(jobs, "")),
            ("requirements.txt", "django\ngunicorn\n"),
            ("manage.py", "import django\n"),
            ("shop.service", "[Service]\nUser=shop\nExecStart=/srv/shop/venv/bin/gunicorn shop.wsgi\n"),
            ("shop/migrations/0001_initial.py", "from django.db import migrations\n"),
        ]);
        let ran = run(dir.path(), &["check", "--select", "steps/no-migrations"]);
        let told = |words: &str| ran.out.contains(words);
        let elsewhere = "(only web.sh does, on another server)";
        assert_eq!(told(elsewhere), told("warning[steps/no-migrations]"), "{}", ran.out);
        (told("─ web.sh:"), told("─ jobs.sh:"))
    };
    let migrates = "python manage.py migrate\n";
    assert_eq!(files(migrates, "jobs.example.org"), (false, true));
    assert_eq!(files(migrates, "web.example.org"), (false, false));
    assert_eq!(files("", "jobs.example.org"), (true, true));
}

#[test]
fn containers_of_a_demo_do_not_run_what_the_deploy_runs() {
    let files = |demo: &str| {
        let dir = project(&[
            (
                "deploy.sh",
                "set -e\ncd /srv/shop\ngit pull\n. venv/bin/activate\npip install -r requirements.txt\nsystemctl restart nginx\n",
            ),
            (demo, "apt-get install -y docker.io\ndocker compose up -d\n"),
            (
                "docker-compose.yml",
                "services:\n  api:\n    image: shop\n    ports: [\"8000:8000\"]\n    volumes: [data:/data]\n",
            ),
            ("requirements.txt", "flask\n"),
        ]);
        let ran = run(dir.path(), &["check", "--select", "services", "--confidence", "low"]);
        ran.out.lines().next().unwrap_or_default().to_owned()
    };
    assert!(files("demo.sh").starts_with("warning[services/undefined]"), "{}", files("demo.sh"));
    assert!(files("setup.sh").starts_with("error[services/undefined]"), "{}", files("setup.sh"));
}
