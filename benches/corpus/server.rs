//! The second half of an install script: what lets others reach the app, and what starts it.

use super::plan::Places;
use super::script::Script;
use super::sections::write;

pub(crate) fn nginx(script: &mut Script<'_>) {
    if script.random.chance(35) {
        return;
    }
    script.say("Configuring nginx");
    let mut body = "server {
    listen 80;
    server_name @domain@;

"
    .to_owned();
    if script.plan.frontend {
        body.push_str(
            "    root @dir@/frontend/dist;

    location / {
        try_files $uri $uri/ /index.html;
    }

    location /api/ {
",
        );
    } else {
        body.push_str("    location / {\n");
    }
    body.push_str(
        "        proxy_pass http://127.0.0.1:@port@;
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_read_timeout 120s; # reports of a whole year take that long
    }
}",
    );
    write(script, "/etc/nginx/sites-available/@app@", &body);
    script.either(&[
        (53, "@s@ln -sf /etc/nginx/sites-available/@app@ /etc/nginx/sites-enabled/"),
        (22, "@s@ln -s /etc/nginx/sites-available/@app@ /etc/nginx/sites-enabled/@app@"),
        (
            15,
            "if [ ! -L /etc/nginx/sites-enabled/@app@ ]; then
    @s@ln -s /etc/nginx/sites-available/@app@ /etc/nginx/sites-enabled/@app@
fi",
        ),
        (10, "@s@ln -s /etc/nginx/sites-available/@app@ /etc/nginx/sites-enabled/ || true"),
    ]);
    script.perhaps(45, "@s@rm -f /etc/nginx/sites-enabled/default");
    script.either(&[
        (5, "@s@nginx -t && @s@systemctl reload nginx"),
        (
            3,
            "@s@nginx -t
@s@systemctl restart nginx",
        ),
        (
            2,
            r#"if @s@nginx -t; then
    @s@systemctl reload nginx
else
    echo "nginx does not like its configuration"
    exit 1
fi"#,
        ),
    ]);
    script.perhaps(15, "@s@certbot --nginx -d @domain@ --non-interactive --agree-tos -m admin@example.org");
    script.perhaps(
        6,
        r#"if [ ! -d "/etc/letsencrypt/live/@domain@" ]; then
    @s@certbot certonly --nginx -d @domain@ --non-interactive --agree-tos --register-unsafely-without-email
fi"#,
    );
}

pub(crate) fn firewall(script: &mut Script<'_>) {
    if script.random.chance(60) {
        return;
    }
    script.say("Configuring the firewall");
    script.either(&[
        (
            6,
            "@s@ufw allow OpenSSH
@s@ufw allow 'Nginx Full'
@s@ufw --force enable",
        ),
        (
            4,
            "if command -v ufw >/dev/null 2>&1; then
    @s@ufw allow 22/tcp
    @s@ufw allow 80/tcp
    @s@ufw allow 443/tcp
    @s@ufw --force enable
fi",
        ),
        (
            1,
            "@s@iptables -A INPUT -p tcp --dport 80 -j ACCEPT
@s@iptables -A INPUT -p tcp --dport 443 -j ACCEPT",
        ),
    ]);
}

pub(crate) fn jobs(script: &mut Script<'_>) {
    if script.random.chance(72) {
        return;
    }
    script.say("Scheduling jobs");
    match script.random.weighted(&[40, 20, 20, 20]) {
        0 => script.put("(crontab -l 2>/dev/null; echo \"0 3 * * * @dir@/scripts/backup.sh\") | crontab -"),
        1 => script.put(
            r#"if ! crontab -l 2>/dev/null | grep -q "@app@"; then
    (crontab -l 2>/dev/null; echo "0 3 * * * @dir@/scripts/backup.sh # @app@") | crontab -
fi"#,
        ),
        2 => write(
            script,
            "/etc/cron.d/@app@",
            "SHELL=/bin/bash
0 3 * * * root @dir@/scripts/backup.sh",
        ),
        _ => script.put("echo \"0 4 * * * root @dir@/scripts/backup.sh\" | @s@tee -a /etc/crontab"),
    }
}

pub(crate) fn start(script: &mut Script<'_>) {
    script.say("Starting the services");
    script.perhaps(35, "@s@systemctl daemon-reload");
    let names: Vec<String> = script.plan.parts.iter().map(|part| format!("@app@-{part}")).collect();
    let all = format!("@app@ {}", names.join(" "));
    let all = all.trim_end();
    match script.random.weighted(&[45, 25, 20, 10]) {
        0 => script.put(&format!(
            "@s@systemctl enable {all}
@s@systemctl restart {all}"
        )),
        1 => script.put(&format!("@s@systemctl enable --now {all}")),
        2 => script.put(&format!(
            r#"for service in {all}; do
    @s@systemctl enable "$service"
    @s@systemctl restart "$service"
done"#
        )),
        _ => script.put(&format!("@s@systemctl start {all}")),
    }
    if script.style.places != Places::Literal && script.random.chance(25) {
        script.put("if systemctl is-active --quiet @app@; then");
        script.put("    echo \"@app@ is running\"");
        script.put("else");
        script.complain("    ", "@app@ did not start");
        script.put(
            "    exit 1
fi",
        );
    }
}
