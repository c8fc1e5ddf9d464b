//! Reports in the forms that mail systems really send.

use super::*;

fn id() -> MessageId {
    MessageId::from_bytes([7; 16])
}

/// A report as Postfix writes it, with the given fields in its middle part.
fn report(kind: &str, middle: &str, last: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example.net (Mail Delivery System)\r\n\
         To: codes@example.org\r\n\
         Subject: Undelivered Mail Returned to Sender\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type={kind};\r\n\tboundary=\"B/1\"\r\n\
         Message-Id: <20261122024500.4ABC@mx.example.net>\r\n\r\n\
         This is a MIME-encapsulated message.\r\n\r\n\
         --B/1\r\nContent-Description: Notification\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
         I'm sorry to have to inform you. Status: 5.1.1\r\n\r\n\
         --B/1\r\n{middle}\r\n\r\n--B/1\r\n{last}\r\n--B/1--\r\n"
    )
}

fn original() -> String {
    format!(
        "Content-Description: Undelivered Message\r\nContent-Type: message/rfc822\r\n\r\n\
         From: codes@example.org\r\nTo: ada@example.net\r\nSubject: Your code\r\nMessage-ID: <{}@example.org>\r\n\r\n123456\r\n",
        id()
    )
}

fn dsn(fields: &str) -> String {
    let middle = format!(
        "Content-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.net\r\nArrival-Date: Sun, 22 Nov 2026 02:45:00 +0000\r\n\r\n\
         Final-Recipient: rfc822; ada@example.net\r\n{fields}"
    );
    report("delivery-status", &middle, &original())
}

fn news(raw: &str) -> MailNews {
    let report = read(raw.as_bytes()).expect("a report");
    assert_eq!(report.message, Some(id()));
    report.news
}

fn bounced(cause: &str, permanent: bool) -> MailNews {
    MailNews::Bounced { cause: cause.to_owned(), permanent }
}

#[test]
fn bounces_are_read_and_only_the_addresss_own_faults_are_its_faults() {
    for (status, permanent) in [
        ("5.1.1", true),
        ("5.0.0", true),
        ("5.1.10", true),
        ("5.2.0", true),
        ("5.2.1", true),
        ("5.2.2", false),
        ("5.1.8", false),
        ("5.3.4", false),
        ("5.4.4", false),
        ("5.7.1", false),
        ("4.4.7", false),
        ("4.2.2", false),
    ] {
        let raw =
            dsn(&format!("Action: failed\r\nStatus: {status}\r\nDiagnostic-Code: smtp; 550 {status} ada@example.net"));
        assert_eq!(news(&raw), bounced(&format!("bounced ({status})"), permanent));
    }
}

#[test]
fn what_is_late_or_went_on_is_no_bounce() {
    assert_eq!(news(&dsn("Action: delayed\r\nStatus: 4.4.1")), MailNews::Nothing);
    assert_eq!(news(&dsn("Action: relayed\r\nStatus: 2.0.0")), MailNews::Nothing);
    assert_eq!(news(&dsn("Action: delivered\r\nStatus: 2.0.0")), MailNews::Delivered);
    assert_eq!(
        news(&dsn("ACTION: Failed (bounced)\r\nSTATUS: 5.1.1 (bad\r\n mailbox)")),
        bounced("bounced (5.1.1)", true)
    );
    assert_eq!(news(&dsn("Status: 5.1.1")), bounced("bounced (5.1.1)", true));
    assert_eq!(news(&dsn("Action: failed")), bounced("bounced", false));
    assert_eq!(news(&dsn("Action: failed\r\nStatus: 5.99999.1")), bounced("bounced", false));
    let two = dsn(
        "Action: relayed\r\nStatus: 2.0.0\r\n\r\nFinal-Recipient: rfc822; b@example.net\r\nAction: failed\r\nStatus: 5.1.1",
    );
    assert_eq!(news(&two), bounced("bounced (5.1.1)", true));
}

#[test]
fn the_quoted_headers_alone_are_enough_and_an_id_of_somebody_else_is_none() {
    let middle = "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n\
                  Final-Recipient: rfc822; ada@example.net\r\nAction: failed\r\nStatus: 5.1.1";
    let headers = format!(
        "Content-Type: text/rfc822-headers\r\n\r\nFrom: codes@example.org\r\nMessage-Id: <{}@example.org>\r\n",
        id()
    );
    let raw = report("delivery-status", middle, &headers);
    assert_eq!(news(&raw), bounced("bounced (5.1.1)", true));
    let foreign = raw.replace(id().as_str(), "20261122.1");
    assert_eq!(read(foreign.as_bytes()).expect("a report").message, None);
    let without_quote = raw.replace("text/rfc822-headers", "text/plain");
    assert_eq!(read(without_quote.as_bytes()).expect("a report").message, None);
}

#[test]
fn complaints_are_told_from_other_feedback() {
    for (kind, wanted) in [
        ("abuse", MailNews::Complaint),
        ("Fraud", MailNews::Complaint),
        ("opt-out", MailNews::Complaint),
        ("not-spam", MailNews::Nothing),
        ("auth-failure", MailNews::Nothing),
        ("other", MailNews::Nothing),
    ] {
        let middle = format!(
            "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nVersion: 1\r\nUser-Agent: Some/1.0"
        );
        assert_eq!(news(&report("feedback-report", &middle, &original())), wanted, "{kind}");
    }
}

#[test]
fn other_mail_is_no_report_and_noise_breaks_nothing() {
    for raw in ["", "\r\n\r\n", "Subject: hello\r\n\r\nStatus: 5.1.1\r\nAction: failed\r\n", "\0\u{ff}", &original()] {
        assert_eq!(read(raw.as_bytes()), None, "{raw:?}");
    }
    let whole = dsn("Action: failed\r\nStatus: 5.1.1");
    for end in (0..whole.len()).step_by(7) {
        let _ = read(&whole.as_bytes()[..end]);
    }
}
