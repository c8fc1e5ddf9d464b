use std::thread;

use twofold_test_support::PostgresServer;

use crate::{eventually, runs};

#[test]
fn servers_from_one_template_share_nothing() {
    let (one, two) = (PostgresServer::start().unwrap(), PostgresServer::start().unwrap());
    assert_ne!(one.port(), two.port());
    one.admin("CREATE TABLE only_here (id int)").unwrap();
    assert!(two.admin("SELECT * FROM only_here").is_err());
}

#[test]
fn a_database_lets_its_own_role_in_by_password_only_and_is_closed_to_its_neighbours_tables() {
    let server = PostgresServer::start().unwrap();
    let (one, two) = (server.create_database().unwrap(), server.create_database().unwrap());
    assert_eq!(PostgresServer::query(&one, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user").unwrap(), "f");
    PostgresServer::query(&one, "CREATE TABLE mine (id int); INSERT INTO mine VALUES (7)").unwrap();
    assert_eq!(PostgresServer::query(&one, "SELECT id FROM mine").unwrap(), "7");
    assert!(PostgresServer::query(&two, "SELECT id FROM mine").is_err());

    let (user, rest) = one.split_once("//").unwrap().1.split_once(':').unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    assert!(PostgresServer::query(&format!("postgres://{user}:wrong@{place}"), "SELECT 1").is_err());
}

#[test]
fn a_durable_server_is_as_postgresql_comes() {
    let server = PostgresServer::start_durable().unwrap();
    let changed = "SELECT string_agg(name, ', ') FROM pg_settings WHERE setting <> boot_val AND name IN ('fsync', \
                   'full_page_writes', 'synchronous_commit', 'shared_buffers', 'max_wal_size', 'min_wal_size', \
                   'wal_segment_size', 'checkpoint_timeout')";
    assert_eq!(server.admin(changed).unwrap(), "");
}

#[test]
fn a_killed_server_comes_back_where_it_was_with_what_it_committed() {
    let mut server = PostgresServer::start_durable().unwrap();
    assert_eq!(server.admin("SHOW fsync").unwrap(), "on");
    let (port, pid) = (server.port(), server.pid());
    server.admin("CREATE TABLE kept (id int)").unwrap();
    server.kill();
    assert!(!runs(pid));
    assert!(server.admin("SELECT 1").is_err());
    server.restart().unwrap();
    assert_eq!(server.port(), port);
    assert_ne!(server.pid(), pid);
    assert_eq!(server.admin("SELECT count(*) FROM kept").unwrap(), "0");
}

#[test]
fn a_server_killed_in_the_middle_of_a_query_comes_back() {
    let mut server = PostgresServer::start().unwrap();
    let url = server.admin_url();
    let asked = thread::spawn(move || PostgresServer::query(&url, "SELECT sum(a) FROM generate_series(1, 1e12) a"));
    let under_way = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT sum%'";
    eventually("the query is under way", || server.admin(under_way).unwrap() == "1");
    server.kill();
    server.restart().unwrap();
    assert!(asked.join().unwrap().is_err());
}
