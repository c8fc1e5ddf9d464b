/// The process is alive.
#[utoipa::path(get, path = "/healthz", tag = "operations", security(()), responses((status = 200, description = "Alive", body = str, content_type = "text/plain")))]
pub async fn get() -> &'static str {
    "ok\n"
}
