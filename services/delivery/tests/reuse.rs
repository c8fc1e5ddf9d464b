//! Connections to providers are used again, also when many are open at once.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{PASSWORD, around, sms, sms_channel};
use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use twofold_delivery::transport::TwilioSender;

/// Takes everything, on every connection for as long as the client likes.
async fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut left = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if let Some(length) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                left = length.trim().parse().expect("a length");
            }
            if line == "\r\n" {
                break;
            }
        }
        stream.read_exact(&mut vec![0; left]).await?;
        stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}").await?;
    }
}

#[tokio::test]
async fn requests_that_come_in_waves_make_connections_for_one_wave() {
    const AT_ONCE: usize = 24;
    const WAVES: usize = 8;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let opened = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&opened);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(answer(stream));
        }
    });
    let twilio = json!({
        "base_url": format!("http://{address}"), "account_sid": "AC0123456789abcdef0123456789abcdef",
        "auth_token": PASSWORD, "from": "+15005550006",
    });
    let channel = sms_channel(json!({ "provider": "twilio", "twilio": twilio }));
    let sender = TwilioSender::new(&channel, &around(&[address.to_string()], &[])).expect("a good channel");
    for _ in 0..WAVES {
        let message = sms();
        let taken = join_all((0..AT_ONCE).map(|_| sender.send(&message))).await;
        assert!(taken.iter().all(Result::is_ok), "{taken:?}");
    }
    // A connection that is not back yet when the next wave begins may be doubled; half of them never are.
    let opened = opened.load(Ordering::SeqCst);
    assert!(opened < 3 * AT_ONCE, "{opened} connections for {WAVES} waves of {AT_ONCE}");
}
