use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::timeout;
use twofold_test_support::{Fault, FaultProxy};

const LIMIT: Duration = Duration::from_secs(30);
const FOR_EVER: Fault = Fault::Delay(Duration::from_hours(24));

/// A server that echoes, and says what reached it.
async fn echo() -> (SocketAddr, mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (heard, inbox) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let heard = heard.clone();
            tokio::spawn(async move {
                let mut bytes = vec![0; 1 << 16];
                while let Ok(length @ 1..) = stream.read(&mut bytes).await {
                    let _ = heard.send(bytes[..length].to_vec());
                    if stream.write_all(&bytes[..length]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, inbox)
}

struct Line {
    proxy: FaultProxy,
    inbox: mpsc::UnboundedReceiver<Vec<u8>>,
    client: TcpStream,
}

/// A client that has been answered once.
async fn line() -> Line {
    let (upstream, inbox) = echo().await;
    let proxy = FaultProxy::start(upstream).await.unwrap();
    let client = TcpStream::connect(proxy.address()).await.unwrap();
    let mut line = Line { proxy, inbox, client };
    line.say(b"one").await;
    assert_eq!(line.heard().await, b"one");
    assert_eq!(line.answer().await.unwrap(), b"one");
    line
}

impl Line {
    async fn say(&mut self, bytes: &[u8]) {
        self.client.write_all(bytes).await.unwrap();
    }

    async fn heard(&mut self) -> Vec<u8> {
        timeout(LIMIT, self.inbox.recv()).await.unwrap().unwrap()
    }

    async fn answer(&mut self) -> std::io::Result<Vec<u8>> {
        timeout(LIMIT, read(&mut self.client)).await.unwrap()
    }

    /// Nothing has been forwarded that was not read.
    fn silent(&self) -> bool {
        let nothing = self.client.try_read(&mut [0; 8]);
        nothing.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    async fn until(&self, holds: impl Fn(&FaultProxy) -> bool) {
        until(&self.proxy, holds).await;
    }

    async fn ended(&mut self) -> ErrorKind {
        let ended = self.answer().await.map_or_else(|error| error.kind(), |_| ErrorKind::Other);
        self.until(|proxy| proxy.connections() == 0).await;
        ended
    }

    async fn works_anew(&mut self) {
        self.client = TcpStream::connect(self.proxy.address()).await.unwrap();
        self.say(b"anew").await;
        assert_eq!(self.answer().await.unwrap(), b"anew");
    }
}

async fn until(proxy: &FaultProxy, holds: impl Fn(&FaultProxy) -> bool) {
    let wait = async {
        while !holds(proxy) {
            yield_now().await;
        }
    };
    timeout(LIMIT, wait).await.unwrap();
}

/// What comes next; the end of the connection as an error.
async fn read(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; 1 << 16];
    let length = client.read(&mut bytes).await?;
    if length == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    bytes.truncate(length);
    Ok(bytes)
}

#[tokio::test]
async fn without_a_fault_both_ends_pass_through() {
    let mut line = line().await;
    assert_eq!(line.proxy.connections(), 1);
    assert_eq!(line.proxy.url("nats"), format!("nats://{}", line.proxy.address()));
    line.client.shutdown().await.unwrap();
    assert_eq!(line.ended().await, ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn drop_down_loses_answers_to_requests_that_arrived() {
    let mut line = line().await;
    line.proxy.set(Fault::DropDown);
    line.say(b"two").await;
    assert_eq!(line.heard().await, b"two");
    line.until(|proxy| proxy.lost() == 3).await;
    assert!(line.silent());
    line.proxy.set(Fault::None);
    assert_eq!(line.ended().await, ErrorKind::ConnectionReset);
    line.works_anew().await;
}

#[tokio::test]
async fn drop_up_loses_requests() {
    let mut line = line().await;
    line.proxy.set(Fault::DropUp);
    line.say(b"two").await;
    line.until(|proxy| proxy.lost() == 3).await;
    line.proxy.set(Fault::None);
    assert_eq!(line.ended().await, ErrorKind::ConnectionReset);
    assert!(line.inbox.try_recv().is_err());
    line.works_anew().await;
}

#[tokio::test]
async fn a_sender_that_ends_while_its_bytes_are_lost_ends_unheard() {
    let mut line = line().await;
    line.proxy.set(Fault::DropUp);
    line.say(b"two").await;
    line.client.shutdown().await.unwrap();
    line.until(|proxy| proxy.lost() == 3).await;
    assert!(line.silent());
    assert_eq!(line.proxy.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_lost_nothing_outlives_a_drop() {
    let mut line = line().await;
    line.proxy.set(Fault::DropDown);
    yield_now().await;
    line.proxy.set(Fault::None);
    line.say(b"two").await;
    assert_eq!(line.answer().await.unwrap(), b"two");
}

#[tokio::test]
async fn a_delay_holds_requests_back_and_passes() {
    let mut line = line().await;
    line.proxy.set(FOR_EVER);
    line.say(b"two").await;
    line.until(|proxy| proxy.held() == 3).await;
    assert!(line.inbox.try_recv().is_err());
    // An answer takes two of these.
    line.proxy.set(Fault::Delay(Duration::from_millis(20)));
    assert_eq!(line.answer().await.unwrap(), b"two");
    assert_eq!((line.proxy.held(), line.proxy.lost()), (0, 0));
}

#[tokio::test]
async fn a_delay_holds_answers_back_in_their_order() {
    let upstream = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let proxy = FaultProxy::start(upstream.local_addr().unwrap()).await.unwrap();
    let client = TcpStream::connect(proxy.address()).await.unwrap();
    let (mut server, _) = upstream.accept().await.unwrap();
    let (_, inbox) = mpsc::unbounded_channel();
    let mut line = Line { proxy, inbox, client };
    line.proxy.set(FOR_EVER);
    for (count, word) in (1..).zip(*b"order") {
        server.write_all(&[word]).await.unwrap();
        line.until(|proxy| proxy.held() == count).await;
    }
    assert!(line.silent());
    line.proxy.set(Fault::None);
    let mut bytes = [0; 5];
    timeout(LIMIT, line.client.read_exact(&mut bytes)).await.unwrap().unwrap();
    assert_eq!(&bytes, b"order");
}

#[tokio::test]
async fn half_open_takes_connections_and_is_silent_until_it_is_over() {
    let mut line = line().await;
    line.proxy.set(Fault::HalfOpen);
    line.say(b"two").await;
    let mut late = TcpStream::connect(line.proxy.address()).await.unwrap();
    late.write_all(b"late").await.unwrap();
    line.until(|proxy| proxy.connections() == 2 && proxy.held() == 3).await;
    assert!(line.silent() && line.inbox.try_recv().is_err());

    line.proxy.set(Fault::None);
    assert_eq!(line.answer().await.unwrap(), b"two");
    assert_eq!(timeout(LIMIT, read(&mut late)).await.unwrap().unwrap(), b"late");
}

#[tokio::test]
async fn half_open_keeps_new_connections_from_the_server() {
    let upstream = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    upstream.set_nonblocking(true).unwrap();
    let proxy = FaultProxy::start(upstream.local_addr().unwrap()).await.unwrap();
    proxy.set(Fault::HalfOpen);
    let mut clients = Vec::new();
    // The proxy has dealt with the first ones once it has taken the last one.
    for count in 1..=3 {
        clients.push(TcpStream::connect(proxy.address()).await.unwrap());
        until(&proxy, |proxy| proxy.connections() == count).await;
    }
    assert_eq!(upstream.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    proxy.set(Fault::None);
    let upstream = TcpListener::from_std(upstream).unwrap();
    timeout(LIMIT, upstream.accept()).await.unwrap().unwrap();
}

#[tokio::test]
async fn reset_ends_present_and_new_connections_with_rst() {
    let mut line = line().await;
    line.proxy.set(Fault::Reset);
    assert_eq!(line.ended().await, ErrorKind::ConnectionReset);
    if let Ok(stream) = TcpStream::connect(line.proxy.address()).await {
        line.client = stream;
        assert_eq!(line.ended().await, ErrorKind::ConnectionReset);
    }
    line.proxy.set(Fault::None);
    line.works_anew().await;
}

#[tokio::test]
async fn a_moment_of_reset_is_not_missed() {
    let mut line = line().await;
    line.proxy.set(Fault::Reset);
    line.proxy.set(Fault::None);
    assert_eq!(line.ended().await, ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn refuse_closes_present_connections_and_takes_no_new_ones() {
    let mut line = line().await;
    line.proxy.set(Fault::Refuse);
    assert_eq!(line.ended().await, ErrorKind::UnexpectedEof);
    let refused = TcpStream::connect(line.proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    line.proxy.set(Fault::None);
    timeout(LIMIT, async { while TcpStream::connect(line.proxy.address()).await.is_err() {} }).await.unwrap();
    line.works_anew().await;
}

#[tokio::test]
async fn a_dropped_proxy_ends_its_connections() {
    let Line { proxy, inbox: _inbox, mut client } = line().await;
    drop(proxy);
    assert!(timeout(LIMIT, read(&mut client)).await.unwrap().is_err());
}
