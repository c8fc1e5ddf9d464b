//! Numbers for people.

/// Two digits that count, or all before the point.
pub(crate) fn two(figure: f64) -> String {
    let digits = if figure >= 9.95 {
        0
    } else if figure >= 0.995 {
        1
    } else {
        2
    };
    format!("{figure:.digits$}")
}

/// Milliseconds with two digits that count.
pub(crate) fn ms(figure: f64) -> String {
    format!("{} ms", two(figure))
}

/// A whole number, digits in groups of three; with a digit behind the point below ten.
pub(crate) fn thousands(figure: f64) -> String {
    if figure < 9.95 {
        return format!("{figure:.1}");
    }
    grouped(&format!("{figure:.0}"))
}

/// A count, digits in groups of three.
pub(crate) fn count(count: u64) -> String {
    grouped(&count.to_string())
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_few_digits_and_groups_of_three() {
        assert_eq!([0.123, 2.34, 12.3, 1234.5].map(two), ["0.12", "2.3", "12", "1234"]);
        assert_eq!([0.5, 12.0, 1_234_567.0].map(thousands), ["0.5", "12", "1,234,567"]);
        assert_eq!([0, 999, 1000].map(count), ["0", "999", "1,000"]);
    }
}
