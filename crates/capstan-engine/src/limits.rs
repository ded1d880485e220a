//! Every bound of this crate, with its unit and its reason.

use std::time::Duration;

/// Time to a connection, name lookup and TLS included. An upstream that needs longer is down
/// for all that a person can tell.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Time to the last byte of an answer, redirects included. Longer than the 30 seconds after
/// which most gateways give up, short enough that a script does not hang for ever.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// Time in which something of a body that is read piece by piece must come.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes of one response body after decompression: the guard against compression bombs.
pub const RESPONSE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes of one body that is handed on piece by piece, where neither the caller nor the document
/// sets a limit: memory does not bound it, but a body without an end would fill any disk.
pub const STREAM_BYTES_MAX: u64 = 1024 * 1024 * 1024 * 1024;

/// Bytes of a file that are read at a time while it is sent: large enough that reading costs
/// nothing beside sending, small enough for many uploads at once.
pub const FILE_PIECE_BYTES: usize = 64 * 1024;

/// Bytes of one record of a stream: it has to fit into memory, and is an item of a list rather than
/// the list.
pub const RECORD_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Redirects that one call follows. Browsers allow 20; an API rarely needs two.
pub const REDIRECTS_MAX: u32 = 10;

/// Connections kept open and idle for each host, for the next call.
pub const IDLE_CONNECTIONS_MAX: usize = 32;

/// Characters of foreign text (a location, a reason) that one message repeats.
pub const QUOTED_CHARS_MAX: usize = 200;

/// Characters from which on a secret is looked for in texts; a shorter one would be found in
/// every other word, and is kept out where it is inserted.
pub const SCRUBBED_CHARS_MIN: usize = 4;

/// Encodings one inside the other through which a secret is looked for: a JSON object in a
/// query is two.
pub const SCRUBBED_DECODINGS_MAX: usize = 2;

/// Bytes of one binding file: secrets are small, and a large file is the wrong one.
pub const BINDING_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Levels of nested collections in a binding file.
pub const BINDING_DEPTH_MAX: usize = 64;

/// Exchanges of one recording; each is kept in memory.
pub const RECORDED_ENTRIES_MAX: usize = 10_000;

/// Bytes of one body of a recording; a larger one is left out.
pub const RECORDED_BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes of all bodies of a recording; what comes after is left out. With the rest of its entries,
/// what is written can be read again.
pub const RECORDED_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// Bytes of a recording that is read for a replay: browsers' archives reach tens of MiB.
pub const RECORDING_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Steps that one expression of a template may take; a placeholder needs a few dozen.
pub const EXPRESSION_FUEL: u64 = 20_000;

/// Bytes of one compiled pattern. Patterns of parameters are short; a repetition of repetitions
/// is not.
pub const PATTERN_BYTES_MAX: usize = 1024 * 1024;

/// Characters of an upstream's message that an error repeats.
pub const MESSAGE_CHARS_MAX: usize = 500;

/// Members of a page that an error names.
pub const PAGE_MEMBERS_SHOWN_MAX: usize = 8;

/// Characters of such a member's name: it is foreign text.
pub const PAGE_MEMBER_CHARS_MAX: usize = 40;

/// Bytes of an unexpected answer that an error shows.
pub const PREVIEW_BYTES_MAX: usize = 200;

/// Bytes of an unexpected answer that an error shows where they are no text: a line of digits.
pub const PREVIEW_HEX_BYTES_MAX: usize = 24;

/// Pages of one list that are followed unless a caller asks for more: a list that is longer is
/// mostly one that never ends.
pub const PAGES_MAX: u64 = 10_000;

/// Attempts that one call makes unless a document says otherwise, the first included.
pub const ATTEMPTS: u32 = 3;

/// Attempts that one call makes at most, whatever a document says: more is a siege.
pub const ATTEMPTS_MAX: u32 = 100;

/// How late a timer may wake so that the turn of a rate counts as taken on time.
pub const TIMER_SLACK: Duration = Duration::from_millis(10);

/// Origins whose rate and failures an engine remembers; a capability has a handful.
pub const ORIGINS_MAX: usize = 1000;

/// Bytes of one answer that a cache keeps; a larger one is asked for again.
pub const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes of all answers that an engine keeps in memory.
pub const KEPT_IN_MEMORY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The longest time for which an answer's rate headers hold later requests back.
pub const HOLD_MAX: Duration = Duration::from_secs(3600);

/// Levels of an answer that is taken apart, whatever its format; what `serde_json` allows to JSON.
pub const TREE_DEPTH_MAX: usize = 128;

/// Weight of the tree that an answer becomes: one for each value, and one for each 64 bytes of the
/// texts that a reader repeats (column names, aliases). Some formats say much in a few bytes; at
/// about a hundred bytes a value, this is what a large answer may take of memory.
pub const TREE_WEIGHT_MAX: usize = 4_000_000;

/// Namespaces in which an element of XML may have members of one local name.
pub const XML_NAMESPACES_MAX: usize = 64;

/// Bytes of an answer in HTML. Pages are small; where time grows with more than the size, this
/// keeps it to seconds.
pub const HTML_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Comparisons of attributes that one page may take: the parser compares each of a tag with all
/// before it.
pub const HTML_COMPARISONS_MAX: usize = 1_000_000_000;

/// Elements of HTML inside each other. Browsers flatten what is nested deeper.
pub const HTML_DEPTH_MAX: usize = 512;

/// Bytes of one file of an `outputSchema`.
pub const SCHEMA_BYTES_MAX: u64 = 1024 * 1024;

/// Files that one schema may be made of, its imports included.
pub const SCHEMA_FILES_MAX: usize = 256;

/// Levels of brackets in a schema.
pub const SCHEMA_DEPTH_MAX: usize = 64;

/// Bytes of all blocks of an Avro file, decompressed.
pub const AVRO_BLOCK_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Time to a token, discovery included. Many calls may wait for it, so it is no call's own.
pub const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);

/// How long before its end a token is renewed: clocks differ, and a request takes its time.
pub const TOKEN_SKEW: Duration = Duration::from_secs(30);

/// How long a signed assertion is good: as long as clocks may differ.
pub const ASSERTION_LIFETIME: Duration = Duration::from_secs(300);

/// Bytes of an answer of an authorization server.
pub const TOKEN_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes of one file with a key or certificates: the system's own bundle has 250 KB.
pub const KEY_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes of an answer that asks for another proof; only its head counts.
pub const REFUSAL_BYTES_MAX: u64 = 64 * 1024;

/// Tokens of one kind that came during calls and are still looked for: those that were replaced long ago
/// stand in no text any more.
pub const LATER_SECRETS_MAX: usize = 64;

/// Bytes of a binary answer whose `maxBinarySize` cannot be read: the reference engine's default.
pub const BINARY_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// The longest time after which a token is renewed, ten years: one that outlives every run needs no
/// renewal.
pub const TOKEN_LIFETIME_MAX: Duration = Duration::from_secs(10 * 365 * 86_400);
