//! Every bound of this crate, with its unit and its reason.

use std::time::Duration;

/// Bytes of one capability file. The largest published file is under 1 MiB; a tree takes
/// several times its text in memory.
pub const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Levels of nested collections. The deepest published file has 14.
pub const DEPTH_MAX: usize = 64;

/// Nodes of one file after aliases are expanded: the guard against alias bombs.
pub const NODES_MAX: usize = 2_000_000;

/// Bytes of all scalars of one file after aliases are expanded: a bomb of few, large values.
pub const EXPANDED_BYTES_MAX: usize = 4 * FILE_BYTES_MAX;

/// Problems kept for one file; a person reads the first few.
pub const DIAGNOSTICS_MAX: usize = 1_000;

/// Problems of a file up to which a mistyped name is compared with all known ones: that takes as
/// much time as there are names, and who has more problems than this mends the first ones first.
pub const SUGGESTIONS_MAX: usize = 100;

/// Imports that one load follows, and with them the files that it opens.
pub const IMPORTS_MAX: usize = 256;

/// Files in a chain of imports, each importing the next.
pub const IMPORT_DEPTH_MAX: usize = 16;

/// The longest time that means anything in a document: a hundred years. Clocks overflow far behind it.
pub const TIME_MAX: Duration = Duration::from_secs(100 * 365 * 86_400);
