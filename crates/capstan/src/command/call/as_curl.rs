//! The flags of a call as those of curl, for a command that does the same.
//!
//! What has changed the request is in it already. What curl has no word for is left out: how outputs
//! are printed, rates, caches, recordings.

use std::path::Path;

use capstan_engine::CallLimits;

use crate::args::call::CallArgs;
use crate::output::curl::single;

/// The flags, each with its value.
pub(super) fn flags(args: &CallArgs, limits: &CallLimits) -> Vec<String> {
    let mut flags = Vec::new();
    if args.include {
        flags.push("--include".to_owned());
    }
    network(args, limits, &mut flags);
    download(args, &mut flags);
    flags
}

fn network(args: &CallArgs, limits: &CallLimits, flags: &mut Vec<String>) {
    let file = |path: &Option<std::path::PathBuf>| path.as_deref().map(shown);
    let seconds = |time: Option<std::time::Duration>| time.map(|time| time.as_secs_f64().to_string());
    let most = limits.stream_bytes_max.map(|bytes| bytes.to_string());
    let valued = [
        ("--connect-timeout", seconds(limits.connect_timeout)),
        ("--max-time", seconds(limits.timeout)),
        ("--retry", args.limits.retry.map(|again| again.to_string())),
        ("--max-filesize", most),
        ("--cert", file(&args.overrides.cert)),
        ("--key", file(&args.overrides.key)),
        ("--cacert", file(&args.overrides.cacert)),
    ];
    flags.extend(valued.into_iter().filter_map(|(flag, value)| Some(format!("{flag} {}", value?))));
}

/// Where the answer goes. `-` and no flag at all mean the same to curl.
fn download(args: &CallArgs, flags: &mut Vec<String>) {
    let asked = &args.download;
    if let Some(path) = asked.file() {
        flags.push(format!("--output {}", shown(path)));
    }
    if let Some(folder) = asked.folder() {
        flags.extend(["--remote-name", "--remote-header-name"].map(str::to_owned));
        if !folder.as_os_str().is_empty() {
            flags.push(format!("--output-dir {}", shown(folder)));
        }
    }
    if asked.go_on {
        flags.push("--continue-at -".to_owned());
    }
}

fn shown(path: &Path) -> String {
    single(&path.display().to_string())
}
