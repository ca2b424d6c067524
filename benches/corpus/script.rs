//! A script that is being written: lines with the plan's names inserted, in the style of its author.
//!
//! Sections are written with marks: `@app@`, `@user@`, `@dir@` … stand for what the plan says, `@p/venv@` for a whole word
//! below the app's directory, and `@s@` for `sudo ` if the script calls it.

use super::plan::{Places, Plan, Say, Style};
use super::random::Random;

pub(crate) struct Script<'p> {
    pub(crate) plan: &'p Plan,
    pub(crate) random: Random,
    pub(crate) style: Style,
    text: String,
    lines: usize,
    indent: usize,
    step: usize,
    steps: usize,
    functions: Vec<String>,
}

impl<'p> Script<'p> {
    pub(crate) fn new(plan: &'p Plan, random: Random, style: Style, steps: usize) -> Script<'p> {
        Script {
            plan,
            random,
            style,
            text: String::new(),
            lines: 0,
            indent: 0,
            step: 0,
            steps,
            functions: Vec::new(),
        }
    }

    pub(crate) fn lines(&self) -> usize {
        self.lines
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// Adds lines of commands.
    pub(crate) fn put(&mut self, template: &str) {
        for line in template.lines() {
            if !line.is_empty() {
                self.text.push_str(&"    "[..4 * usize::from(self.indent > 0)]);
            }
            self.fill(line, self.style.places, false);
            self.end();
        }
    }

    /// Adds one of several ways to write the same lines. Each is used as often as its weight says.
    pub(crate) fn either(&mut self, ways: &[(usize, &str)]) {
        let weights: Vec<usize> = ways.iter().map(|(weight, _)| *weight).collect();
        let way = self.random.weighted(&weights);
        self.put(ways[way].1);
    }

    /// Adds the lines in so many of a hundred cases.
    pub(crate) fn perhaps(&mut self, percent: usize, template: &str) {
        if self.random.chance(percent) {
            self.put(template);
        }
    }

    /// Adds a command with a heredoc: `head` up to the operator, then the text, with or without expansion. A `$` in the
    /// text belongs to the program that reads it.
    pub(crate) fn heredoc(&mut self, head: &str, body: &str) {
        let quoted = self.random.chance(40);
        self.heredoc_as(head, body, quoted);
    }

    pub(crate) fn heredoc_as(&mut self, head: &str, body: &str, quoted: bool) {
        let end = if body.lines().any(|line| line == "EOF") { "SCRIPT" } else { "EOF" };
        // People write both orders: `cat > FILE <<EOF` and `cat <<EOF > FILE`.
        let mark = if quoted { format!("'{end}'") } else { end.to_owned() };
        self.put(&head.replace("@<<@", &format!("<<{mark}")));
        for line in body.lines() {
            let places = if quoted { Places::Literal } else { self.style.places };
            let escaped = if quoted { line.to_owned() } else { line.replace('$', "\\$") };
            self.fill(&escaped, places, true);
            self.end();
        }
        self.text.push_str(end);
        self.end();
    }

    /// Adds a heredoc in which the shell expands the text.
    pub(crate) fn heredoc_open(&mut self, head: &str, body: &str) {
        self.put(&head.replace("@<<@", "<<EOF"));
        for line in body.lines() {
            self.fill(line, self.style.places, true);
            self.end();
        }
        self.text.push_str("EOF");
        self.end();
    }

    pub(crate) fn blank(&mut self) {
        self.end();
    }

    /// Adds the message at the start of a section, and the comment above it.
    pub(crate) fn say(&mut self, words: &str) {
        let more = ["", "", " on this server", " (this may take a minute)", ", as the application needs it"];
        let words = &format!("{words}{}", self.random.pick(&more));
        match self.style.banner {
            1 => self.put(&format!("# {words}")),
            2 => {
                self.put("# ------------------------------------------------------------");
                self.put(&format!("# {words}"));
                self.put("# ------------------------------------------------------------");
            }
            _ => {}
        }
        self.step += 1;
        let (step, steps) = (self.step, self.steps.max(self.step));
        match self.style.say {
            Say::Plain => self.put(&format!("echo \"{words}...\"")),
            Say::Steps => self.put(&format!("echo \"[{step}/{steps}] {words}...\"")),
            Say::Arrow => self.put(&format!("echo \"==> {words}\"")),
            Say::Log => self.put(&format!("log \"{words}\"")),
            Say::Colour => self.put(&format!("echo -e \"${{YELLOW}}{words}...${{NC}}\"")),
            Say::Status => self.put(&format!("print_status \"{words}...\"")),
        }
    }

    /// Adds a message inside a section, or at its end.
    pub(crate) fn tell(&mut self, words: &str) {
        match self.style.say {
            Say::Log => self.put(&format!("log \"{words}\"")),
            Say::Colour => self.put(&format!("echo -e \"${{GREEN}}{words}${{NC}}\"")),
            Say::Status => self.put(&format!("print_success \"{words}\"")),
            _ => self.put(&format!("echo \"  {words}\"")),
        }
    }

    /// Adds such a message inside an `if`.
    pub(crate) fn tell_within(&mut self, words: &str) {
        self.put(&match self.style.say {
            Say::Log => format!("    log \"{words}\""),
            Say::Status => format!("    print_success \"{words}\""),
            _ => format!("    echo \"{words}\""),
        });
    }

    /// Adds an error message with this indentation.
    pub(crate) fn complain(&mut self, indent: &str, words: &str) {
        self.put(&match self.style.say {
            Say::Log => format!("{indent}log \"ERROR: {words}\""),
            Say::Status => format!("{indent}print_error \"{words}\""),
            _ => format!("{indent}echo \"{words}\" >&2"),
        });
    }

    /// Opens a section. It is a function if this script has functions.
    pub(crate) fn open(&mut self, name: &str) {
        if self.style.functions {
            let taken =
                self.functions.iter().filter(|f| f.trim_end_matches(char::is_numeric) == name).count();
            let name = if taken == 0 { name.to_owned() } else { format!("{name}{}", taken + 1) };
            self.put(&format!("{name}() {{"));
            self.functions.push(name);
            self.indent = 1;
        }
    }

    pub(crate) fn close(&mut self) {
        if self.style.functions {
            self.indent = 0;
            self.put("}");
        }
        self.blank();
    }

    /// True inside a function, where `local` is allowed.
    pub(crate) fn local(&self) -> &'static str {
        if self.indent > 0 { "local " } else { "" }
    }

    /// Calls every section, if they are functions.
    pub(crate) fn call_all(&mut self) {
        if !self.style.functions {
            return;
        }
        self.put("main() {");
        self.indent = 1;
        for name in std::mem::take(&mut self.functions) {
            self.put(&name);
        }
        self.indent = 0;
        self.put("}\n\nmain \"$@\"");
    }

    fn end(&mut self) {
        self.text.push('\n');
        self.lines += 1;
    }

    fn fill(&mut self, template: &str, places: Places, heredoc: bool) {
        let mut rest = template;
        while let Some(at) = rest.find('@') {
            let (before, after) = rest.split_at(at);
            self.text.push_str(before);
            let Some(length) = after[1..].find('@') else {
                self.text.push_str(after);
                return;
            };
            match self.value(&after[1..=length], places, heredoc) {
                Some(value) => {
                    self.text.push_str(&value);
                    rest = &after[length + 2..];
                }
                None => {
                    self.text.push('@');
                    rest = &after[1..];
                }
            }
        }
        self.text.push_str(rest);
    }

    fn value(&self, name: &str, places: Places, heredoc: bool) -> Option<String> {
        let plan = self.plan;
        let named = |constant: &str, value: &str| match places {
            Places::Literal => value.to_owned(),
            _ => constant.to_owned(),
        };
        Some(match name {
            "s" => if self.style.sudo { "sudo " } else { "" }.to_owned(),
            "app" => plan.app.clone(),
            "module" => plan.module(),
            "dir" => named("${APP_DIR}", &plan.directory),
            "user" => named("${APP_USER}", &plan.user),
            "domain" => named("${DOMAIN}", &plan.domain()),
            "repo" => named("${REPO_URL}", &self.repo()),
            "port" => plan.port.to_string(),
            "command" => plan.command(&named("${APP_DIR}", &plan.directory)),
            "sample" => plan.sample.unwrap_or(".env.example").to_owned(),
            _ => {
                let below = name.strip_prefix('p')?;
                if !below.is_empty() && !below.starts_with('/') {
                    return None;
                }
                let below =
                    &*below.replace("/SAMPLE", &format!("/{}", plan.sample.unwrap_or(".env.example")));
                match places {
                    Places::Quoted if !heredoc => format!("\"$APP_DIR{below}\""),
                    Places::Literal => format!("{}{below}", plan.directory),
                    _ => format!("$APP_DIR{below}"),
                }
            }
        })
    }

    pub(crate) fn repo(&self) -> String {
        format!("https://git.example.org/{0}/{0}.git", self.plan.app)
    }
}
