//! `verify-log`: quiet about a sound log, loud about one changed byte.

use sqlx::{Connection as _, SqliteConnection};

use crate::support::Home;

async fn open(home: &Home, file: &str) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", home.data().join(file).display())).await.expect("opened")
}

fn with_story() -> Home {
    let home = Home::new();
    let server = home.serve();
    home.run(&["demo", "--url", &server.url(), "--key", &server.key("tf_test_")]).code(0);
    let while_serving = home.run(&["verify-log"]);
    assert!(while_serving.code(0).out.ends_with("sound\n"), "{}", while_serving.out);
    server.kill();
    let sound = home.run(&["verify-log"]);
    assert!(sound.code(0).out.contains(" 0 broken") && sound.out.contains(" 0 differences"), "{}", sound.out);
    home
}

#[tokio::test]
async fn one_changed_byte_of_the_log_is_found_and_named() {
    let home = with_story();
    let mut log = open(&home, "log.db").await;
    let find = "SELECT seq, payload FROM log WHERE category = 0 ORDER BY seq DESC LIMIT 1 OFFSET 3";
    let (seq, mut payload): (i64, Vec<u8>) = sqlx::query_as(find).fetch_one(&mut log).await.expect("a commit");
    // The last digit of the time: still a commit that can be read.
    let digit = payload.windows(6).position(|window| window == b"\"at\":1").expect("a time") + 5 + 12;
    payload[digit] = if payload[digit] == b'0' { b'1' } else { b'0' };
    sqlx::query("DROP TRIGGER log_no_update").execute(&mut log).await.expect("dropped");
    sqlx::query("UPDATE log SET payload = $1 WHERE seq = $2")
        .bind(payload)
        .bind(seq)
        .execute(&mut log)
        .await
        .expect("changed");
    log.close().await.expect("closed");
    let found = home.run(&["verify-log"]);
    assert!(found.code(1).out.contains(&format!("broken   position {seq}, tf.ev.")), "{}", found.out);
    assert!(
        found.out.contains("1 broken") && found.err.contains("restore log.db from a backup"),
        "{} {}",
        found.out,
        found.err
    );
}

#[tokio::test]
async fn a_commit_taken_out_is_found() {
    let home = with_story();
    let mut log = open(&home, "log.db").await;
    sqlx::query("DROP TRIGGER log_no_delete").execute(&mut log).await.expect("dropped");
    sqlx::query("DELETE FROM log WHERE seq = 12").execute(&mut log).await.expect("deleted");
    log.close().await.expect("closed");
    let found = home.run(&["verify-log"]);
    assert!(found.code(1).out.contains("position 13: the commits between 11 and it are missing"), "{}", found.out);
}

#[tokio::test]
async fn a_changed_read_model_is_found_and_rebuilt() {
    let home = with_story();
    let mut tables = open(&home, "read-model.db").await;
    sqlx::query("UPDATE users SET role = 'admin'").execute(&mut tables).await.expect("changed");
    tables.close().await.expect("closed");
    let found = home.run(&["verify-log"]);
    assert!(
        found.code(1).out.contains("differs  user us") && found.err.contains("run `twofold rebuild`"),
        "{} {}",
        found.out,
        found.err
    );
    home.run(&["rebuild"]).code(0);
    home.run(&["verify-log"]).code(0);
}
