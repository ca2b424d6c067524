//! Whether systemd starts a service again that has ended.

use crate::project::unit::Unit;

impl Unit {
    /// True if systemd starts it again after a signal has ended it, in order or at once: systemd.service(5).
    pub(crate) fn comes_back(&self, killed: bool) -> bool {
        match self.get("Service", "Restart").map_or("no", |d| d.value.as_str()) {
            "always" => true,
            "on-success" => !killed,
            "on-failure" | "on-abnormal" | "on-abort" => killed,
            _ => false,
        }
    }

    /// True if systemd does not give up a service that fails at once: systemd.service(5), `RestartSec=`, and systemd.unit(5),
    /// `StartLimitIntervalSec=`, by default the sixth start within 10 s is refused.
    pub(crate) fn tries_for_long(&self) -> bool {
        let value = |places: &[(&str, &str)]| {
            let directive = places.iter().find_map(|(section, key)| self.get(section, key))?;
            seconds(&directive.value)
        };
        let intervals = [
            ("Unit", "StartLimitIntervalSec"),
            ("Unit", "StartLimitInterval"),
            ("Service", "StartLimitInterval"),
        ];
        let interval = value(&intervals).unwrap_or(10);
        let burst = value(&[("Unit", "StartLimitBurst"), ("Service", "StartLimitBurst")]).unwrap_or(5);
        let pause = value(&[("Service", "RestartSec")]).unwrap_or(0);
        self.comes_back(true) && (interval == 0 || pause.saturating_mul(burst) > interval)
    }
}

/// The whole seconds of a time span of one part, systemd.time(7): `5`, `5s`, `2min`, `500ms`.
fn seconds(value: &str) -> Option<u64> {
    let value = value.trim();
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = value.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit.trim_start() {
        "" | "s" | "sec" | "second" | "seconds" => Some(number),
        "ms" | "msec" => Some(number / 1000),
        "m" | "min" | "minute" | "minutes" => number.checked_mul(60),
        "h" | "hr" | "hour" | "hours" => number.checked_mul(3600),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, MappedText, OffsetMap};

    fn tries(lines: &str) -> bool {
        let text = format!("[Service]\nExecStart=/usr/bin/true\n{lines}");
        let map = OffsetMap::shifted(0);
        Unit::parse(&MappedText { text, file: FileId(0), map }).tries_for_long()
    }

    #[test]
    fn a_service_is_given_up_after_five_starts_within_ten_seconds() {
        for lines in [
            "",
            "Restart=always\n",
            "Restart=always\nRestartSec=2\n",
            "Restart=on-failure\nRestartSec=500ms\n",
            "RestartSec=5\n",
            "Restart=no\nRestartSec=5\n",
            "Restart=always\nRestartSec=5\n[Unit]\nStartLimitIntervalSec=60\n",
        ] {
            assert!(!tries(lines), "{lines}");
        }
        for lines in [
            "Restart=always\nRestartSec=5\n",
            "Restart=on-failure\nRestartSec=3s\n",
            "Restart=always\n[Unit]\nStartLimitIntervalSec=0\n",
            "Restart=always\nRestartSec=1\nStartLimitBurst=30\n",
            "Restart=always\nRestartSec=1min\n",
        ] {
            assert!(tries(lines), "{lines}");
        }
    }
}
