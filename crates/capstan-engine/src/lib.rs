//! A capability becomes a plan; a plan and parameters become data.
