//! More sections of longer scripts: containers, questions and computed values, logs, long texts.

use super::plan::PARTS;
use super::script::Script;
use super::sections::write;

pub(crate) fn containers_of(script: &mut Script<'_>, part: &str) {
    script.say(&format!("Looking after the container of {part}"));
    match script.random.below(4) {
        0 => script.put(&format!(
            r#"if docker ps --format '{{{{.Names}}}}' | grep -q "^@app@-{part}$"; then
    docker stop @app@-{part} || true
    docker rm @app@-{part}
fi
docker run -d --name @app@-{part} --restart unless-stopped --env-file .env @app@/{part}:latest"#
        )),
        1 => script.put(&format!(
            r#"docker compose pull {part}
docker compose up -d {part}
if ! docker compose ps {part} | grep -q "Up"; then
    echo "{part} is not up"
    docker compose logs --tail=50 {part}
    exit 1
fi"#
        )),
        2 => script.put(&format!(
            r#"docker build -t "@app@/{part}:${{VERSION:-latest}}" -f {part}/Dockerfile .
if [ -n "${{REGISTRY:-}}" ]; then
    docker tag "@app@/{part}:${{VERSION:-latest}}" "$REGISTRY/{part}:${{VERSION:-latest}}"
    docker push "$REGISTRY/{part}:${{VERSION:-latest}}"
fi"#
        )),
        _ => script.put(&format!(
            r#"if [ -f {part}/docker-compose.yml ]; then
    docker compose -f {part}/docker-compose.yml up -d --build
else
    echo "{part} has no compose file, passed over"
fi
docker image prune -f"#
        )),
    }
    script.perhaps(20, "docker system df");
}

/// The values that the script works out or asks for before it goes on.
pub(crate) fn answers(script: &mut Script<'_>, part: &str) {
    let name = part.to_uppercase();
    let port = 9000 + script.random.below(500);
    match script.random.weighted(&[7, 54, 39]) {
        0 => {
            script.put(&format!(
                r#"read -p "Port of {part} [{port}]: " {name}_PORT
{name}_PORT=${{{name}_PORT:-{port}}}"#
            ));
            script.put(&format!("if ! [[ \"${name}_PORT\" =~ ^[0-9]+$ ]]; then"));
            script.complain("    ", &format!("${name}_PORT is no port"));
            script.put(
                "    exit 1
fi",
            );
        }
        1 => {
            script.put(&format!(
                r#"{name}_DIR="@dir@/{part}"
{name}_PORT="${{{name}_PORT:-{port}}}"
{name}_LOG="/var/log/@app@/{part}.log""#
            ));
            script.perhaps(
                50,
                &format!(
                    r#"if [ -z "${{{name}_TOKEN:-}}" ]; then
    {name}_TOKEN=$(openssl rand -hex 16)
    echo "A token for {part} was made"
fi"#
                ),
            );
            script.put(&format!(
                r#"if [ -d "${name}_DIR" ] && [ -f "${name}_DIR/config.ini" ]; then
    echo "{part} is in ${name}_DIR, port ${name}_PORT"
elif [ -n "${{SKIP_{name}:-}}" ]; then
    echo "{part} is passed over"
else
    echo "{part} will be put into ${name}_DIR"
fi"#
            ));
        }
        _ => {
            let local = script.local();
            script.put(&format!(
                r#"{local}memory=$(free -m | awk '/^Mem:/{{print $2}}')
{local}cores=$(nproc)
{local}workers=$((cores * 2 + 1))
if [ "$memory" -lt 1024 ]; then
    workers=2
    echo "Only $memory MB: {part} gets $workers workers"
else
    echo "{part} gets $workers workers on $cores cores"
fi"#
            ));
        }
    }
}

/// Lines that are added to a log or a file of settings.
pub(crate) fn record(script: &mut Script<'_>, part: &str) {
    script.say(&format!("Recording the state of {part}"));
    script.either(&[
        (
            18,
            &format!(
                r#"echo "$(date '+%F %T') {part} deployed by $USER" >> /var/log/@app@/deploy.log
echo "$(git rev-parse HEAD 2>/dev/null)" >> /var/log/@app@/revisions.log"#
            ),
        ),
        (
            9,
            &format!(
                r#"{{
    echo "== {part}"
    systemctl status @app@-{part} --no-pager
    df -h
}} >> /var/log/@app@/state.log 2>&1 || true"#
            ),
        ),
        (
            12,
            &format!(
                r#"if ! grep -q "^{0}_ENABLED=" @dir@/.env; then
    echo "{0}_ENABLED=true" >> @dir@/.env
fi"#,
                part.to_uppercase()
            ),
        ),
        (2, &format!("echo \"{}_URL=http://127.0.0.1:@port@/{part}\" >> @dir@/.env", part.to_uppercase())),
        (1, "echo \"export PATH=@dir@/bin:\\$PATH\" >> ~/.bashrc"),
    ]);
}

/// A long text that goes into a file: a page, a dashboard, the rules of a monitor.
pub(crate) fn page(script: &mut Script<'_>, part: &str) {
    script.say(&format!("Writing the rules of {part}"));
    let mut body = format!(
        "groups:
  - name: {part}
    rules:
"
    );
    for number in 0..3 + script.random.below(14) {
        let other = *script.random.pick(&PARTS);
        let limit = 5 * (1 + script.random.below(18));
        body.push_str(&format!(
            r#"      - alert: {other}-{number}
        expr: rate({other}_errors_total[5m]) > {limit}
        for: {limit}m
        labels:
          severity: warning
        annotations:
          summary: "{other} of @app@ fails more than {limit} times in a second, look at its journal"
"#
        ));
    }
    write(script, &format!("/etc/{part}/rules.yml"), &body);
}
