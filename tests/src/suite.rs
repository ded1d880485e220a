//! The end-to-end tests: the real binary against real servers.

fn main() {}
