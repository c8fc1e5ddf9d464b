//! Subjects: the address of one aggregate's commits.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use twofold_domain::{AccountId, Channel, KeyedHash, MessageId, TenantId, UserToken};

use crate::{Category, MAX_SUBJECT_BYTES, SubjectError};

/// The address of one aggregate (or of one message to deliver) in the log: a few dot-separated tokens of `[a-z0-9_-]`.
///
/// A subject is always exact. Wildcards (`*`, `>`) cannot be part of one, so no adapter can take it for a pattern.
/// Cloning is cheap.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    text: Arc<str>,
    category: Category,
}

impl Subject {
    /// `tf.ev.<partition>.<tenant>.<user>`
    pub fn user(partition: u16, tenant: &TenantId, user: &UserToken) -> Self {
        Self::join(Category::User, &[&partition.to_string(), tenant.as_str(), user.as_str()])
    }

    /// `tf.cf.<tenant>.tenant`
    pub fn tenant(tenant: &TenantId) -> Self {
        Self::join(Category::Config, &[tenant.as_str(), "tenant"])
    }

    /// `tf.cf.<tenant>.<account>`
    pub fn account(tenant: &TenantId, account: &AccountId) -> Self {
        Self::join(Category::Config, &[tenant.as_str(), account.as_str()])
    }

    /// `tf.dl.<channel>.<tenant>.<message>`
    pub fn delivery(channel: Channel, tenant: &TenantId, message: &MessageId) -> Self {
        Self::join(Category::Delivery, &[channel.name(), tenant.as_str(), message.as_str()])
    }

    /// `tf.dr.<tenant>.<message>`
    pub fn ledger(tenant: &TenantId, message: &MessageId) -> Self {
        Self::join(Category::Ledger, &[tenant.as_str(), message.as_str()])
    }

    /// `tf.sp.<tenant>.<destination>`; the destination is a keyed hash.
    pub fn suppression(tenant: &TenantId, destination: &KeyedHash) -> Self {
        Self::join(Category::Suppression, &[tenant.as_str(), &HEXLOWER.encode(destination.as_bytes())])
    }

    /// Reads a subject back from a log.
    ///
    /// # Errors
    /// [`SubjectError`] unless the text has a known prefix, that prefix's number of tokens, a tenant id in its place,
    /// only `[a-z0-9_-]` in every token and at most [`MAX_SUBJECT_BYTES`] bytes.
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        if text.len() > MAX_SUBJECT_BYTES {
            return Err(SubjectError::TooLong);
        }
        let category = Category::ALL
            .into_iter()
            .find(|category| text.strip_prefix(category.prefix()).is_some_and(|rest| rest.starts_with('.')))
            .ok_or(SubjectError::UnknownPrefix)?;
        let mut count = 0;
        for (position, token) in text.split('.').enumerate() {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
            if token.is_empty() || !token.bytes().all(plain) {
                return Err(SubjectError::BadToken);
            }
            if position == category.tenant_token() && TenantId::parse(token).is_err() {
                return Err(SubjectError::BadTenant);
            }
            count += 1;
        }
        if count != category.tokens() {
            return Err(SubjectError::TokenCount);
        }
        Ok(Self { text: text.into(), category })
    }

    /// What the subject is about.
    pub const fn category(&self) -> Category {
        self.category
    }

    /// The subject as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The tenant the subject belongs to. Every category of today has one.
    pub fn tenant_id(&self) -> Option<TenantId> {
        TenantId::parse(self.text.split('.').nth(self.category.tenant_token())?).ok()
    }

    /// The last token: the user, account or message id, or `tenant`.
    pub fn last_token(&self) -> &str {
        self.text.rsplit('.').next().unwrap_or_default()
    }

    fn join(category: Category, tokens: &[&str]) -> Self {
        let bytes = tokens.iter().map(|token| 1 + token.len()).sum::<usize>();
        let mut text = String::with_capacity(category.prefix().len() + bytes);
        text.push_str(category.prefix());
        for token in tokens {
            text.push('.');
            text.push_str(token);
        }
        Self { text: text.into(), category }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subjects() -> [Subject; 6] {
        let tenant = TenantId::from_bytes([1; 16]);
        let message = MessageId::from_bytes([3; 16]);
        [
            Subject::user(u16::MAX, &tenant, &UserToken::from_bytes([2; 16])),
            Subject::tenant(&tenant),
            Subject::account(&tenant, &AccountId::from_bytes([4; 16])),
            Subject::delivery(Channel::Sms, &tenant, &message),
            Subject::ledger(&tenant, &message),
            Subject::suppression(&tenant, &KeyedHash::new([5; 32])),
        ]
    }

    #[test]
    fn every_subject_reads_back_and_names_its_tenant() {
        for subject in subjects() {
            assert_eq!(Subject::parse(subject.as_str()), Ok(subject.clone()));
            assert_eq!(subject.tenant_id(), Some(TenantId::from_bytes([1; 16])));
            assert!(subject.as_str().starts_with(subject.category().prefix()));
            assert!(subject.as_str().len() <= MAX_SUBJECT_BYTES);
        }
    }

    #[test]
    fn patterns_and_other_shapes_are_refused() {
        let tenant = TenantId::from_bytes([1; 16]);
        let cases = [
            (String::new(), SubjectError::UnknownPrefix),
            ("tf".to_owned(), SubjectError::UnknownPrefix),
            ("tf.evil.x".to_owned(), SubjectError::UnknownPrefix),
            (format!("tf.xx.{tenant}.tenant"), SubjectError::UnknownPrefix),
            ("tf.ev.>".to_owned(), SubjectError::BadToken),
            (format!("tf.cf.{tenant}.*"), SubjectError::BadToken),
            (format!("tf.cf.{tenant}."), SubjectError::BadToken),
            (format!("tf.cf..{tenant}"), SubjectError::BadToken),
            (format!("tf.cf.{tenant}.a b"), SubjectError::BadToken),
            (format!("tf.cf.{tenant}.a\n"), SubjectError::BadToken),
            (format!("tf.cf.{tenant}.Tenant"), SubjectError::BadToken),
            (format!("tf.cf.{tenant}.ü"), SubjectError::BadToken),
            ("tf.cf.someone.tenant".to_owned(), SubjectError::BadTenant),
            (format!("tf.cf.{tenant}.tenant.more"), SubjectError::TokenCount),
            (format!("tf.ev.1.{tenant}"), SubjectError::TokenCount),
            (format!("tf.cf.{tenant}.{}", "a".repeat(MAX_SUBJECT_BYTES)), SubjectError::TooLong),
        ];
        for (text, why) in cases {
            assert_eq!(Subject::parse(&text), Err(why), "{text:?}");
        }
    }
}
