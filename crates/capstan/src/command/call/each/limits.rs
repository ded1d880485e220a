//! The bounds of a run over many rows.

/// Calls under way at the same time, unless the user says how many.
pub(super) const CONCURRENCY: u16 = 8;

/// Rows, for each call that may be under way, between the oldest that is not written and the newest
/// that is begun. Wide enough that one slow answer does not stop the others at once.
pub(super) const WINDOW_ROWS_PER_CALL: u64 = 16;

/// Bytes of finished rows that wait for an older one, beyond which no further row is begun.
pub(super) const WINDOW_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of rows that no longer wait, beyond which the file of those that do is written anew.
pub(super) const WAITING_BYTES_PAST: u64 = 4 * 1024 * 1024;

/// Rows that are read ahead.
pub(super) const QUEUE_ROWS_MAX: usize = 512;

/// Bytes of rows that are read ahead, beyond which reading waits.
pub(super) const QUEUE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes of one row.
pub(super) const ROW_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Characters of a row that cannot be read which the list of failures repeats.
pub(super) const SHOWN_CHARS_MAX: usize = 1000;

/// Bytes of one line of a journal; the first one names files.
pub(super) const JOURNAL_LINE_BYTES_MAX: u64 = 64 * 1024;
