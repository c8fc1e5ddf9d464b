//! What every changing route about one user takes from a request, and the one way it is carried out.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use twofold_domain::PanelId;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_domain::user::Purpose;
use twofold_engine::{Answer, Ask, Idempotency, Principal, Rendered};

use crate::app::App;
use crate::body::{HasOrigin, VerifyAnswer};
use crate::http::{Body, IdempotencyHeader, Key, Origin, Problem, Replied, RequestId, Result, UserPath};

/// A path that names a user.
pub(super) trait OfUser {
    fn user(&self) -> &PanelId;
}

impl OfUser for UserPath {
    fn user(&self) -> &PanelId {
        &self.0
    }
}

/// A request whose key, path, idempotency key and body could be read, in this order.
pub(super) struct Call<P, B> {
    app: App,
    key: Key,
    request_id: RequestId,
    path: P,
    body: Body<B>,
    idempotency: IdempotencyHeader,
}

impl<P, B> FromRequest<App> for Call<P, B>
where
    P: FromRequestParts<App, Rejection = Problem> + Send,
    B: DeserializeOwned,
{
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> std::result::Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let key = Key::from_request_parts(&mut parts, app).await.map_err(IntoResponse::into_response)?;
        let read = async {
            let request_id = parts.extensions.get::<RequestId>().cloned().unwrap_or_else(|| RequestId(Arc::default()));
            let path = P::from_request_parts(&mut parts, app).await?;
            let idempotency = IdempotencyHeader::from_request_parts(&mut parts, app).await?;
            let body = Body::from_request(Request::from_parts(parts, body), app).await?;
            Ok::<_, Problem>((request_id, path, idempotency, body))
        };
        let (request_id, path, idempotency, body) = read.await.map_err(IntoResponse::into_response)?;
        Ok(Self { app: app.clone(), key, request_id, path, body, idempotency })
    }
}

impl<P: OfUser, B: HasOrigin> Call<P, B> {
    /// Goes on when the key has the scope: the errand to run, the path and the body.
    pub fn start(self, scope: Scope) -> Result<(Errand, P, B)> {
        let Self { app, key, request_id, path, mut body, idempotency } = self;
        let principal = key.allow(scope)?;
        let errand = Errand {
            app,
            principal,
            request_id,
            user: path.user().clone(),
            origin: body.value.origin(),
            default_actor: ActorKind::User,
            idempotency: idempotency.with(&body.raw),
        };
        Ok((errand, path, body.value))
    }
}

/// A change of one user, ready to be asked of the engine.
pub(super) struct Errand {
    pub app: App,
    pub principal: Principal,
    pub request_id: RequestId,
    user: PanelId,
    pub origin: Origin,
    /// The actor when the body names none.
    pub default_actor: ActorKind,
    idempotency: Option<Idempotency>,
}

impl Errand {
    /// Asks, and answers with what `render` makes of the state after it.
    pub async fn run<A: Answer>(self, ask: &Ask, render: impl Fn(&Rendered<'_>) -> A) -> Result<Replied> {
        let engine = &self.app.engine;
        let caller = self.origin.caller(self.principal, &self.request_id, self.default_actor)?;
        let whom = engine.user_ref(&caller, self.user);
        let result = engine.run(&caller, &whom, ask, self.idempotency.as_ref(), render).await;
        Ok(Replied::from(result, engine.clock().now()))
    }

    /// Has a code judged; the answer names the purpose it was asked for.
    pub async fn judge(self, ask: &Ask, purpose: impl Fn(&Rendered<'_>) -> Purpose) -> Result<Replied> {
        let (metrics, id) = (Arc::clone(&self.app.operations.metrics), Arc::clone(&self.request_id.0));
        let render = |rendered: &Rendered<'_>| {
            let answer = VerifyAnswer::of(rendered, purpose(rendered), &id);
            metrics.judged(matches!(answer, VerifyAnswer::Verified(_)));
            answer
        };
        self.run(ask, render).await
    }
}
