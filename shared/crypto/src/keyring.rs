//! The keys derived from the master key, and what is done with each of them.

mod wrap;

use hkdf::Hkdf;
use sha2::Sha256;
use twofold_domain::{AccountId, KeyedHash, Mode, PanelId, TenantId, UserToken};

use crate::{
    data_key::DataKey,
    error::CryptoError,
    mac::{self, MacState},
    master::MasterKey,
    random::Random,
};
use wrap::Wrapper;

/// Salt of the extraction (RFC 5869 section 3.1): keeps our keys apart from any other use of the same master key.
const SALT: &[u8] = b"twofold/v1";

/// Every key that is derived from the master key (HKDF-SHA-256, one label each). Redacted in `Debug`, wiped on drop.
///
/// The HMAC keys are prepared once, so a token or a fingerprint costs two or three compressions and no allocation
/// besides its own text.
pub struct Keyring {
    user_tokens: MacState,
    pepper: MacState,
    audit: MacState,
    api_keys: MacState,
    fingerprints: MacState,
    cursors: MacState,
    snapshots: MacState,
    /// The one new keys are wrapped under, then those of earlier master keys.
    wrappers: Vec<Wrapper>,
}

impl Keyring {
    /// Derives the keys of the only master key there has been.
    pub fn new(master: &MasterKey) -> Self {
        Self::with_previous(master, &[])
    }

    /// Derives the keys after a rotation (C13). `previous` lists earlier master keys, newest first.
    ///
    /// New user and tenant keys are wrapped under `current`; older wraps open under whichever master key made them
    /// and can be renewed with [`Keyring::rewrap`]. Everything that must stay comparable for ever (user tokens,
    /// recovery hashes, API key hashes, fingerprints, audit MACs, cursors) keeps coming from the *oldest* key, the
    /// last of `previous`: it must stay in the list, also when nothing is wrapped under it any more.
    pub fn with_previous(current: &MasterKey, previous: &[MasterKey]) -> Self {
        let oldest = extract(previous.last().unwrap_or(current));
        let derived = |label: &[u8]| mac::prepare(&mac::expand(&oldest, &[label]));
        Self {
            user_tokens: derived(b"user-tokens"),
            pepper: derived(b"pepper"),
            audit: derived(b"audit-mac"),
            api_keys: derived(b"api-keys"),
            fingerprints: derived(b"fingerprints"),
            cursors: derived(b"cursors"),
            snapshots: derived(b"snapshots"),
            wrappers: std::iter::once(current).chain(previous).map(|master| Wrapper::new(&extract(master))).collect(),
        }
    }

    /// The opaque token of a panel's user: the same for every spelling of the id (C30), different for each tenant
    /// and mode. 128 bits of HMAC-SHA-256.
    pub fn user_token(&self, tenant: &TenantId, mode: Mode, id: &PanelId) -> UserToken {
        UserToken::from_bytes(self.token(b"user", tenant, mode, id))
    }

    /// The opaque id of a panel's account, made like [`Keyring::user_token`] and unrelated to it.
    pub fn account_id(&self, tenant: &TenantId, mode: Mode, id: &PanelId) -> AccountId {
        AccountId::from_bytes(self.token(b"account", tenant, mode, id))
    }

    fn token(&self, kind: &[u8], tenant: &TenantId, mode: Mode, id: &PanelId) -> [u8; 16] {
        let fields = [kind, tenant.as_str().as_bytes(), mode.name().as_bytes(), id.as_str().as_bytes()];
        first_half(mac::over(&self.user_tokens, &fields))
    }

    /// The next link of the audit chain: a MAC over the previous link and this entry (C18). The first entry has 32
    /// zero bytes before it.
    pub fn audit_mac(&self, previous: &[u8; 32], payload: &[u8]) -> [u8; 32] {
        self.audit_mac_of(previous, &[payload])
    }

    /// The same over an entry in parts, which together are the entry: `audit_mac` of them one after the other.
    pub fn audit_mac_of(&self, previous: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
        mac::over_parts(&self.audit, previous, parts)
    }

    /// A comparable, irreversible form of a tenant's value, such as a phone number. `label` says what kind of value
    /// it is; equal values of different kinds or tenants have unrelated fingerprints.
    pub fn fingerprint(&self, tenant: &TenantId, label: &'static str, value: &[u8]) -> KeyedHash {
        KeyedHash::new(mac::over(&self.fingerprints, &[label.as_bytes(), tenant.as_str().as_bytes(), value]))
    }

    /// Tells whether two messages of a tenant go to the same place: the fingerprint of a destination, and its name on the
    /// tenant's suppression list. Takes the normalised address or the number in E.164 form.
    pub fn destination_hash(&self, tenant: &TenantId, normalised: &str) -> KeyedHash {
        self.fingerprint(tenant, "destination", normalised.as_bytes())
    }

    /// What is stored of a recovery code: a hash under a pepper outside the log and the databases, bound to the user
    /// (C8). Takes the normalised form, [`crate::RecoveryCode::expose`] or [`crate::PresentedRecovery::expose`].
    pub fn recovery_hash(&self, tenant: &TenantId, user: &UserToken, normalised_code: &str) -> KeyedHash {
        let fields = [tenant.as_str().as_bytes(), user.as_str().as_bytes(), normalised_code.as_bytes()];
        KeyedHash::new(mac::over(&self.pepper, &fields))
    }

    /// What is stored of the secret half of an API key.
    pub fn api_key_hash(&self, secret: &[u8]) -> KeyedHash {
        KeyedHash::new(mac::over(&self.api_keys, &[secret]))
    }

    /// Tag of a page cursor, so that a cursor is only ever one of ours, for this tenant. Compare it with
    /// [`crate::constant_time_eq`].
    pub fn cursor_tag(&self, tenant: &TenantId, payload: &[u8]) -> [u8; 16] {
        first_half(mac::over(&self.cursors, &[tenant.as_str().as_bytes(), payload]))
    }

    /// Tag of a snapshot: whose state this is, after which position of the log, in which version of its encoding. A
    /// snapshot without the right tag is not ours. Compare it with [`crate::constant_time_eq`].
    pub fn snapshot_mac(&self, subject: &str, position: u64, version: u16, state: &[u8]) -> [u8; 32] {
        let fields = [subject.as_bytes(), &position.to_be_bytes(), &version.to_be_bytes(), state];
        mac::over(&self.snapshots, &fields)
    }

    /// Encrypts a user's or tenant's key for storage: 65 bytes, bound to `owner`.
    pub fn wrap(&self, owner: &str, key: &DataKey, rng: &dyn Random) -> Vec<u8> {
        self.wrappers[0].wrap(owner, key, rng)
    }

    /// Decrypts a stored key under whichever configured master key wrapped it.
    pub fn unwrap(&self, owner: &str, wrapped: &[u8]) -> Result<DataKey, CryptoError> {
        let id = wrap::master_id(wrapped)?;
        let maker = self.wrappers.iter().find(|wrapper| wrapper.id == id).ok_or(CryptoError::UnknownMaster(id))?;
        maker.unwrap(owner, wrapped)
    }

    /// The same key wrapped under the current master key; `None` when it already is. Fails like [`Keyring::unwrap`].
    pub fn rewrap(&self, owner: &str, wrapped: &[u8], rng: &dyn Random) -> Result<Option<Vec<u8>>, CryptoError> {
        if wrap::master_id(wrapped)? == self.wrappers[0].id {
            return Ok(None);
        }
        Ok(Some(self.wrap(owner, &self.unwrap(owner, wrapped)?, rng)))
    }

    /// The public id of the current master key, as it stands in front of every wrap; for `doctor` and the operations
    /// guide.
    pub fn master_id(&self) -> u32 {
        self.wrappers[0].id
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").field("masters", &self.wrappers.len()).finish_non_exhaustive()
    }
}

fn extract(master: &MasterKey) -> Hkdf<Sha256> {
    Hkdf::new(Some(SALT), master.as_bytes())
}

fn first_half(tag: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&tag[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::OsRandom;

    fn tenant(n: u8) -> TenantId {
        TenantId::from_bytes([n; 16])
    }

    fn id(text: &str) -> PanelId {
        PanelId::parse(text).expect("valid")
    }

    #[test]
    fn tokens_depend_on_everything_that_names_a_user() {
        let keyring = Keyring::new(&MasterKey::generate(&OsRandom));
        let token = keyring.user_token(&tenant(1), Mode::Live, &id("José"));
        assert_eq!(token, keyring.user_token(&tenant(1), Mode::Live, &id(" JOSÉ ")));
        assert_ne!(token, keyring.user_token(&tenant(2), Mode::Live, &id("José")));
        assert_ne!(token, keyring.user_token(&tenant(1), Mode::Test, &id("José")));
        assert_ne!(token, keyring.user_token(&tenant(1), Mode::Live, &id("Jose")));
        let account = keyring.account_id(&tenant(1), Mode::Live, &id("José"));
        assert_ne!(account.as_str()[2..], token.as_str()[2..]);
    }

    /// Stored values are compared with these for ever: a change of any derivation must be seen.
    #[test]
    fn derivations_are_pinned() {
        let master = MasterKey::from_text(&"0123456789abcdef".repeat(4)).expect("valid");
        let keyring = Keyring::new(&master);
        let user = keyring.user_token(&tenant(1), Mode::Live, &id("42"));
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(&bytes[..8]);
        let seen = [
            user.as_str().to_owned(),
            keyring.account_id(&tenant(1), Mode::Live, &id("42")).as_str().to_owned(),
            hex(keyring.recovery_hash(&tenant(1), &user, "bcdf2345").as_bytes()),
            hex(keyring.fingerprint(&tenant(1), "phone", b"+49").as_bytes()),
            hex(keyring.api_key_hash(b"secret").as_bytes()),
            hex(&keyring.audit_mac(&[0; 32], b"entry")),
            hex(&keyring.cursor_tag(&tenant(1), b"page")),
            hex(&keyring.snapshot_mac("tf.ev.1.t.u", 7, 1, b"state")),
            format!("{:08x}", keyring.master_id()),
        ];
        assert_eq!(seen, PINNED);
    }

    // Computed apart from this code, from the definitions of HMAC and HKDF.
    const PINNED: [&str; 9] = [
        "usdvxe2jrrlombiljmozkapo4qry",
        "acdsp5nujb2fyx52qfnmrie2flyj",
        "241736d8dc391797",
        "70d8c569dcd8ac76",
        "80e4f353f6f7efa3",
        "b3a7c2a73787dd5e",
        "f21d569276f19933",
        "10aa943919ce5f32",
        "17cf3aa5",
    ];

    #[test]
    fn subkeys_are_unrelated() {
        let keyring = Keyring::new(&MasterKey::generate(&OsRandom));
        let states = [
            &keyring.user_tokens,
            &keyring.pepper,
            &keyring.audit,
            &keyring.api_keys,
            &keyring.fingerprints,
            &keyring.cursors,
            &keyring.snapshots,
        ];
        let tags: std::collections::HashSet<_> = states.iter().map(|state| mac::over(state, &[b"x"])).collect();
        assert_eq!(tags.len(), states.len());
    }

    #[test]
    fn hashes_are_bound_to_their_owner() {
        let keyring = Keyring::new(&MasterKey::generate(&OsRandom));
        let user = |n: u8| UserToken::from_bytes([n; 16]);
        let hash = keyring.recovery_hash(&tenant(1), &user(1), "bcdf2345");
        assert_ne!(hash, keyring.recovery_hash(&tenant(1), &user(2), "bcdf2345"));
        assert_ne!(hash, keyring.recovery_hash(&tenant(2), &user(1), "bcdf2345"));
        let print = keyring.fingerprint(&tenant(1), "email", b"a@b");
        assert_ne!(print, keyring.fingerprint(&tenant(2), "email", b"a@b"));
        assert_ne!(print, keyring.fingerprint(&tenant(1), "phone", b"a@b"));
        let first = keyring.audit_mac(&[0; 32], b"one");
        assert_ne!(keyring.audit_mac(&first, b"two"), keyring.audit_mac(&[0; 32], b"two"));
    }

    #[test]
    fn rotation_keeps_tokens_and_opens_old_wraps() {
        let masters: Vec<MasterKey> = (0..3).map(|_| MasterKey::generate(&OsRandom)).collect();
        let [oldest, middle, newest] = masters.try_into().expect("three");
        let before = Keyring::new(&oldest);
        let key = DataKey::generate(&OsRandom);
        let wrapped = before.wrap("tn1/us1", &key, &OsRandom);
        let token = before.user_token(&tenant(1), Mode::Live, &id("42"));

        let after = Keyring::with_previous(&newest, &[middle, oldest]);
        assert_eq!(after.user_token(&tenant(1), Mode::Live, &id("42")), token);
        assert_eq!(after.unwrap("tn1/us1", &wrapped).expect("opens").as_bytes(), key.as_bytes());
        let renewed = after.rewrap("tn1/us1", &wrapped, &OsRandom).expect("opens").expect("was old");
        assert_eq!(after.unwrap("tn1/us1", &renewed).expect("opens").as_bytes(), key.as_bytes());
        assert_eq!(after.rewrap("tn1/us1", &renewed, &OsRandom), Ok(None));
        assert!(
            matches!(before.unwrap("tn1/us1", &renewed), Err(CryptoError::UnknownMaster(id)) if id == after.master_id())
        );
        assert_eq!(format!("{after:?}"), "Keyring { masters: 3, .. }");
    }
}
