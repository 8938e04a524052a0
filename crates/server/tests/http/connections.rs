//! Connections as strangers hold them, over real sockets: none is held for ever, none is held at
//! the cost of others, and whoever is being answered is not cut.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use guanxi_server::{AppConfig, BODY_BYTES_MAX, HEAD_BYTES_MAX, Limits};
use guanxi_testkit::TestDatabase;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::House;

/// Longer than any limit of these tests, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn short() -> Limits {
    Limits {
        head: Duration::from_millis(300),
        idle: Duration::from_millis(900),
        stall: Duration::from_millis(300),
        body_bytes_per_second_min: 1_000_000,
        stop: Duration::from_millis(500),
        ..Limits::default()
    }
}

async fn house(limits: Limits) -> (House, TestDatabase) {
    let database = TestDatabase::sqlite();
    let config = AppConfig { limits, ..AppConfig::default() };
    (House::open_with(&database, config).await, database)
}

async fn connect(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// All that comes until the other side closes.
async fn to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    // Cut in the middle is an end too.
    drop(read.expect("the connection is closed in time"));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The head and the body of one answer of known length.
async fn one_answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut byte = [0; 1];
    while !text.ends_with("\r\n\r\n") {
        let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut byte)).await;
        read.expect("an answer comes").expect("an answer comes whole");
        text.push(char::from(byte[0]));
    }
    let length = text.to_lowercase();
    let length = length.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    text + &String::from_utf8_lossy(&body)
}

const WHOLE: &str = "GET /login HTTP/1.1\r\nhost: x\r\n\r\n";
const HALF: &str = "GET /login HTTP/1.1\r\nhost: x\r\nx-slow: ";

#[tokio::test]
async fn half_heads_and_silence_are_not_waited_for() {
    let (house, _database) = house(short()).await;
    let address = house.listen().await;
    let begun = Instant::now();
    let mut silent = Vec::new();
    for text in ["", HALF, "G", "\r\n"] {
        silent.push(connect(address, text).await);
    }
    for stream in &mut silent {
        assert_eq!(to_end(stream).await, "");
    }
    assert!(begun.elapsed() >= Duration::from_millis(250), "not at once");
    // A head that comes drop by drop has no more time.
    let mut drops = connect(address, HALF).await;
    let begun = Instant::now();
    let mut ended = false;
    while !ended {
        assert!(begun.elapsed() < PATIENCE, "a head may come for ever");
        let mut byte = [0; 1];
        let waits = tokio::time::timeout(Duration::from_millis(50), drops.read(&mut byte)).await;
        ended = matches!(waits, Ok(Ok(0) | Err(_))) || drops.write_all(b"x").await.is_err();
    }
}

#[tokio::test]
async fn between_requests_one_may_wait_longer_but_not_for_ever() {
    let (house, _database) = house(short()).await;
    let address = house.listen().await;
    let mut stream = connect(address, WHOLE).await;
    assert!(one_answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    // Longer than a head may take, and then another request.
    let wait = tokio::time::timeout(Duration::from_millis(600), stream.read_u8()).await;
    assert!(wait.is_err(), "an idle connection is kept for a while");
    stream.write_all(WHOLE.as_bytes()).await.unwrap();
    assert!(one_answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    // The next head has the same limit as the first.
    stream.write_all(HALF.as_bytes()).await.unwrap();
    let begun = Instant::now();
    assert_eq!(to_end(&mut stream).await, "");
    assert!(begun.elapsed() < Duration::from_millis(850), "{:?}", begun.elapsed());
    let mut idle = connect(address, WHOLE).await;
    assert!(one_answer(&mut idle).await.starts_with("HTTP/1.1 200"));
    assert_eq!(to_end(&mut idle).await, "");
}

#[tokio::test]
async fn bodies_must_move() {
    let (house, _database) = house(short()).await;
    let address = house.listen().await;
    let head = "POST /login HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\n\
                content-type: application/x-www-form-urlencoded\r\n";
    // Half a body, and one without an end.
    for rest in
        ["content-length: 1000\r\n\r\nemail=a", "transfer-encoding: chunked\r\n\r\n1\r\na\r\n"]
    {
        let mut stream = connect(address, &format!("{head}{rest}")).await;
        let answer = to_end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    // A body that comes, but more slowly than any line.
    let mut slow = connect(address, &format!("{head}content-length: 1000000\r\n\r\n")).await;
    let begun = Instant::now();
    let mut ended = false;
    while !ended {
        assert!(begun.elapsed() < PATIENCE, "a body may come for ever");
        let mut byte = [0; 1];
        let waits = tokio::time::timeout(Duration::from_millis(50), slow.read(&mut byte)).await;
        ended = waits.is_ok() || slow.write_all(b"x").await.is_err();
    }
}

#[tokio::test]
async fn heads_and_bodies_have_limits() {
    let (house, _database) = house(Limits::default()).await;
    let address = house.listen().await;
    let close = "connection: close\r\n";
    let fits = "x".repeat(HEAD_BYTES_MAX - 200);
    let mut stream =
        connect(address, &format!("GET /login HTTP/1.1\r\nhost: x\r\n{close}x: {fits}\r\n\r\n"))
            .await;
    assert!(to_end(&mut stream).await.starts_with("HTTP/1.1 200"));
    let large = "x".repeat(HEAD_BYTES_MAX);
    for head in [
        format!("GET /login HTTP/1.1\r\nhost: x\r\nx: {large}\r\n\r\n"),
        format!("GET /login?{large} HTTP/1.1\r\nhost: x\r\n\r\n"),
        format!("GET /login HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {large}\r\n\r\n"),
    ] {
        let mut stream = connect(address, "").await;
        // The other side may close before all of it is sent.
        drop(stream.write_all(head.as_bytes()).await);
        let answer = to_end(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    // Bodies: more than a record ever is, nested without end, a page without end.
    let token = &house.administrator;
    let post = async |body: String| {
        let head = format!(
            "POST /api/v1/customer HTTP/1.1\r\nhost: x\r\n{close}authorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = connect(address, &head).await;
        drop(stream.write_all(body.as_bytes()).await);
        to_end(&mut stream).await
    };
    let deep = format!("{{\"name\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    for (body, status) in [
        (r#"{"name":"Small"}"#.to_owned(), "201"),
        (deep, "400"),
        (format!("{{\"name\":\"{}\"}}", "x".repeat(BODY_BYTES_MAX)), "413"),
    ] {
        let answer = post(body).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {answer}");
    }
    let many = format!(
        "GET /api/v1/customer?limit=1001 HTTP/1.1\r\nhost: x\r\n{close}authorization: Bearer \
         {token}\r\n\r\n"
    );
    assert!(to_end(&mut connect(address, &many).await).await.starts_with("HTTP/1.1 422"));
}

#[tokio::test]
async fn bodies_of_all_callers_together_have_a_limit() {
    let limits = Limits { body_bytes_max: 100_000, ..Limits::default() };
    let (house, _database) = house(limits).await;
    let address = house.listen().await;
    let head = |length: usize| {
        format!(
            "POST /login HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let form = |length: usize| format!("email=a%40b.example&password={}", "x".repeat(length));
    // One caller holds nearly all of it.
    let mut holds = connect(address, &(head(95_000) + &form(90_000))).await;
    let mut refused = false;
    let begun = Instant::now();
    while !refused {
        assert!(begun.elapsed() < PATIENCE, "there is no limit");
        let body = form(40_000);
        let answer = to_end(&mut connect(address, &(head(body.len()) + &body)).await).await;
        refused = answer.starts_with("HTTP/1.1 400");
    }
    // Small ones pass, and when it is given back large ones do too.
    let body = form(100);
    let answer = to_end(&mut connect(address, &(head(body.len()) + &body)).await).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    holds.shutdown().await.unwrap();
    to_end(&mut holds).await;
    let begun = Instant::now();
    let mut passed = false;
    while !passed {
        assert!(begun.elapsed() < PATIENCE, "what was held is not given back");
        let body = form(40_000);
        let answer = to_end(&mut connect(address, &(head(body.len()) + &body)).await).await;
        passed = answer.starts_with("HTTP/1.1 401");
    }
}

#[tokio::test]
async fn one_place_has_so_many_connections() {
    let limits = Limits { connections_per_place_max: 20, ..Limits::default() };
    let (house, _database) = house(limits).await;
    let address = house.listen().await;
    let mut open = Vec::new();
    for _ in 0..20 {
        let mut stream = connect(address, WHOLE).await;
        one_answer(&mut stream).await;
        open.push(stream);
    }
    // One more is closed; when one goes there is room again.
    let mut more = connect(address, "").await;
    drop(more.write_all(WHOLE.as_bytes()).await);
    assert_eq!(to_end(&mut more).await, "");
    drop(open.pop());
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < PATIENCE, "a connection that went is still counted");
        let mut next = TcpStream::connect(address).await.unwrap();
        drop(next.write_all(WHOLE.as_bytes()).await);
        let mut byte = [0; 1];
        if matches!(next.read(&mut byte).await, Ok(1)) {
            break;
        }
    }
    for stream in &mut open {
        stream.write_all(WHOLE.as_bytes()).await.unwrap();
        assert!(one_answer(stream).await.starts_with("HTTP/1.1 200"), "those inside stay");
    }
}

#[tokio::test]
async fn an_answer_that_is_taken_slowly_lives_and_one_that_is_not_taken_ends() {
    let (house, _database) = house(short()).await;
    let address = house.listen().await;
    // A large answer, asked for again and again, of which nothing is taken: the buffers fill up.
    let ask = "GET /assets/app.js HTTP/1.1\r\nhost: x\r\n\r\n";
    let many = ask.repeat(100);
    let mut deaf = connect(address, ask).await;
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < PATIENCE, "an answer may wait for ever");
        let sent = deaf.write_all(many.as_bytes());
        match tokio::time::timeout(Duration::from_millis(200), sent).await {
            Ok(Err(_)) => break,
            Ok(Ok(())) => {}
            // Our own side is full too: the other has stopped reading, and cuts it.
            Err(_) => {
                let mut bytes = vec![0; 1 << 16];
                while begun.elapsed() < Duration::from_millis(1_500) {
                    tokio::task::yield_now().await;
                }
                while matches!(deaf.read(&mut bytes).await, Ok(1..)) {}
                break;
            }
        }
    }
    // Taken in small pieces, for longer than any limit, it comes whole.
    let ask = "GET /assets/app.js HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let mut slow = connect(address, ask).await;
    let (begun, mut bytes, mut piece) = (Instant::now(), 0, vec![0; 4_096]);
    loop {
        let read = slow.read(&mut piece).await.unwrap();
        if read == 0 {
            break;
        }
        bytes += read;
        if begun.elapsed() < Duration::from_millis(1_500) {
            tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>())
                .await
                .ok();
        }
    }
    let whole = to_end(&mut connect(address, ask).await).await;
    assert!(bytes > 1_000 && bytes.abs_diff(whole.len()) < 200, "{bytes} of {}", whole.len());
}

#[tokio::test]
async fn the_end_waits_for_answers_but_not_for_silence() {
    let limits = Limits { head: PATIENCE, idle: PATIENCE, ..short() };
    let (house, _database) = house(limits).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let wait = async move { drop(stopped.await) };
    let (address, served) = house.listen_until(wait).await;
    let mut idle = connect(address, WHOLE).await;
    one_answer(&mut idle).await;
    let mut silent = connect(address, HALF).await;
    stop.send(()).unwrap();
    assert_eq!(to_end(&mut idle).await, "", "who is idle is let go at once");
    tokio::time::timeout(PATIENCE, served).await.expect("it ends").unwrap();
    drop(silent.shutdown().await);
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}
