//! The calendar, as far as it is needed.

/// The Gregorian date of a day counted from 1970. Years begin in March here, which puts the
/// leap day last.
pub(crate) fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // From 1 March of year 0.
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}
