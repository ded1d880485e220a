//! Lines on stderr that tell how far something is.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over so many steps, or over nobody knows how many; one that is not shown draws nothing.
pub(crate) fn bar(length: Option<u64>, template: &str, is_shown: bool) -> ProgressBar {
    let target = if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template(template).expect("the templates of the command are sound");
    ProgressBar::with_draw_target(length, target).with_style(style)
}
