//! QR codes as SVG for pages and as text for terminals.

use std::fmt::Write as _;

use fast_qr::{ECL, QRBuilder, QRCode};

/// Light modules around the symbol, as ISO/IEC 18004 section 6.3.8 demands.
const QUIET_ZONE: usize = 4;

/// Why there is no QR code of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QrError {
    /// More than a QR code can hold (2,331 bytes at this error correction level).
    #[error("the text is too long for a QR code")]
    TooLong,
}

/// The text as an SVG image: dark on white with a quiet zone of 4 modules, scalable (a `viewBox` and no size), no
/// script, no style, no reference to anything outside. A QR code of a secret is that secret: serve it with `no-store`.
pub fn qr_svg(text: &str) -> Result<String, QrError> {
    let code = symbol(text)?;
    let side = code.size + 2 * QUIET_ZONE;
    let mut svg = String::with_capacity(256 + 6 * code.size * code.size);
    // Writing to a String cannot fail.
    let _ = write!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d=""##
    );
    for y in 0..code.size {
        let row = &code[y];
        let mut x = 0;
        // One rectangle per run of dark modules: a third of the size, and no seams within a run.
        while x < code.size {
            let run = row[x..].iter().take_while(|module| module.value()).count();
            if run > 0 {
                let _ = write!(svg, "M{} {}h{run}v1h-{run}z", x + QUIET_ZONE, y + QUIET_ZONE);
            }
            x += run.max(1);
        }
    }
    svg.push_str(r#""/></svg>"#);
    Ok(svg)
}

/// The text as lines of half blocks, two rows of modules a line, for a terminal with light characters on a dark
/// ground. Empty when the text is too long for a QR code.
pub fn qr_terminal(text: &str) -> String {
    let Ok(code) = symbol(text) else { return String::new() };
    let side = code.size + 2 * QUIET_ZONE;
    let is_dark = |x: usize, y: usize| {
        let inside = |at: usize| (QUIET_ZONE..QUIET_ZONE + code.size).contains(&at);
        inside(x) && inside(y) && code[y - QUIET_ZONE][x - QUIET_ZONE].value()
    };
    let mut lines = String::with_capacity(side * side * 2);
    for y in (0..side).step_by(2) {
        for x in 0..side {
            // The last line has no lower row where the side is odd; there the ground of the terminal stays.
            lines.push(match (is_dark(x, y), y + 1 >= side || is_dark(x, y + 1)) {
                (true, true) => ' ',
                (true, false) => '▄',
                (false, true) => '▀',
                (false, false) => '█',
            });
        }
        lines.push('\n');
    }
    lines
}

fn symbol(text: &str) -> Result<QRCode, QrError> {
    QRBuilder::new(text).ecl(ECL::M).build().map_err(|_| QrError::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "otpauth://totp/HOSTKEY:a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=HOSTKEY";

    #[test]
    fn the_image_scales_and_is_inert() {
        let svg = qr_svg(URI).expect("fits");
        let side = symbol(URI).expect("fits").size + 8;
        assert!(svg.contains(&format!(r#"viewBox="0 0 {side} {side}""#)), "{svg}");
        assert!(svg.contains(r##"<path fill="#fff" d="M0 0h"##));
        assert!(svg.contains("M4 4h7v1h-7z"), "the finder pattern begins right after the quiet zone");
        for inert in ["script", "style", "href", "url(", "GEZDGN"] {
            assert!(!svg.contains(inert), "{inert}");
        }
    }

    #[test]
    fn image_and_terminal_show_the_same_modules() {
        let text = qr_terminal(URI);
        let side = symbol(URI).expect("fits").size + 8;
        let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        assert_eq!(lines.len(), side.div_ceil(2));
        assert!(lines.iter().all(|line| line.len() == side));
        assert!(lines[0].iter().all(|c| *c == '█') && lines[1].iter().all(|c| *c == '█'), "quiet zone");
        let dark = lines.iter().flatten().fold(0, |sum, c| {
            sum + match c {
                ' ' => 2,
                '▄' | '▀' => 1,
                _ => 0,
            }
        });
        let svg = qr_svg(URI).expect("fits");
        let in_image: usize = svg
            .split('M')
            .filter_map(|path| {
                path.split_once("v1h-").and_then(|(_, rest)| rest.split_once('z')?.0.parse::<usize>().ok())
            })
            .sum();
        assert_eq!(in_image + side, dark, "the missing lower row of the last line counts as dark");
    }

    #[test]
    fn too_long_a_text_is_an_error() {
        assert_eq!(qr_svg(&"a".repeat(3_000)), Err(QrError::TooLong));
        assert_eq!(qr_terminal(&"a".repeat(3_000)), "");
    }
}
