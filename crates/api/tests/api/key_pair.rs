//! Key pairs. Fingerprints were computed with OpenSSL: `ssh-keygen -e -m PKCS8 | openssl pkey -pubin -outform DER | openssl md5
//! -c` for RSA, `openssl dgst -sha256 -binary | base64` of the key's blob for ED25519.

use crate::shown::between;
use crate::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expect_test::expect;

const RSA: &str = "c3NoLXJzYSBBQUFBQjNOemFDMXljMkVBQUFBREFRQUJBQUFCQVFEWk0xRHlUSkpvN2xYMDZrUFYzZEovUEYvMlJqUFVBRVJQMnZFcHhqdjdxR1QwMk5wbGRybXlmUWZZYk51ZDFXYWl3VGgxR0FYUy82SEUwNWpBUGtYRW1qYTdoNVRudk9tYzlCVHYrZS8wR2Fnam50c1dkcllqbmhGRkRqVnJPS0JaeVMybUxjSjI5MktqRUQ5R0FzZVdEclQ2R1NrQnhGRzZWdGlLYXRYRDRwNGhzcFErdDg4ZitEVVM1MDVsSnVIQ0d1bklEK0VMTkt1aFBhNHdjTWcxcVd1dGFKM1NZV3dFMSt5cCtNYi8vSjd3SUVHdUc3UDdzVlFNY3FRbHVKRk5VY3hNOGtZRU9GK1pUbGNXek15b2xkV01la2ZrMkp3cTgzUThqQ3VqOHlLTWl6Sm5xSnBZZXU4R0NhMXBpdWJ1YURHVGdJRG1NK0hQQWxiSUQ1aUogbGFi";
const ED25519: &str = "c3NoLWVkMjU1MTkgQUFBQUMzTnphQzFsWkRJMU5URTVBQUFBSUFyZTRMalNoendZR1RtUHVXK0l1YlJ3TmN4elNKeFE1LzVEQmFoQkJLRi8gbGFi";

#[test]
fn keys_are_imported_listed_and_deleted() {
    let mut world = World::new();
    let import = |name: &str, key: &str| format!("KeyName={name}&PublicKeyMaterial={key}");
    world.shows(
        "ImportKeyPair",
        &import("rsa", RSA),
        expect![[r#"
        <keyFingerprint>46:15:b4:07:ec:27:ad:23:ab:ff:2f:f5:a1:70:47:22</keyFingerprint>
        <keyName>rsa</keyName>
        <keyPairId>key-1</keyPairId>
        <tagSet/>
    "#]],
    );
    world.shows(
        "ImportKeyPair",
        &import("ed", ED25519),
        expect![[r#"
        <keyFingerprint>dcYV3118QSg1eFcdKnP7gGm/NKuTHj7WWMsXQ+XtPJQ=</keyFingerprint>
        <keyName>ed</keyName>
        <keyPairId>key-1</keyPairId>
        <tagSet/>
    "#]],
    );
    world.shows(
        "ImportKeyPair",
        &import("ed", ED25519),
        expect!["400 InvalidKeyPair.Duplicate: The key pair 'ed' already exists."],
    );
    world.shows(
        "ImportKeyPair",
        &import("bad", "c3NoLXJzYSBBQUFB"),
        expect!["400 InvalidKey.Format: Key is not in valid OpenSSH public key format"],
    );
    world.shows(
        "DescribeKeyPairs",
        "KeyName.1=ed",
        expect![[r#"
        <keySet>
          <item>
            <keyPairId>key-1</keyPairId>
            <keyType>ed25519</keyType>
            <tagSet/>
            <createTime>2024-01-02T03:04:05.000Z</createTime>
            <keyName>ed</keyName>
            <keyFingerprint>dcYV3118QSg1eFcdKnP7gGm/NKuTHj7WWMsXQ+XtPJQ=</keyFingerprint>
          </item>
        </keySet>
    "#]],
    );
    world.shows(
        "DescribeKeyPairs",
        "KeyName.1=none",
        expect!["400 InvalidKeyPair.NotFound: The key pair 'none' does not exist"],
    );
    let shown =
        world.does("DescribeKeyPairs", "IncludePublicKey=true&Filter.1.Name=key-name&Filter.1.Value.1=rsa");
    assert!(shown.contains("<publicKey>ssh-rsa AAAA"), "{shown}");
    assert!(world.does("DeleteKeyPair", "KeyName=ed").contains("<return>true<"));
    assert!(
        world.does("DeleteKeyPair", "KeyName=ed").contains("<return>true<"),
        "deleting again is no error"
    );
    world.shows(
        "DeleteKeyPair",
        "",
        expect!["400 MissingParameter: The request must contain the parameter KeyName or KeyPairId"],
    );
    assert_eq!(world.all("DescribeKeyPairs", "", "keyName"), ["rsa"]);
}

// The `pem` files were read by OpenSSH (`ssh-keygen -y`) and OpenSSL, their fingerprints computed there: `openssl pkcs8 -topk8
// -nocrypt -outform DER | openssl sha1 -c` for RSA, as for imported keys for ED25519.
#[test]
fn keys_are_made_and_their_public_half_kept() {
    let mut world = World::new();
    let tag = "TagSpecification.1.ResourceType=key-pair&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b";
    for (params, begins, fingerprint) in [
        (
            "KeyName=plain",
            "-----BEGIN RSA PRIVATE KEY-----",
            "9e:bf:bd:7b:86:ea:50:b5:44:c2:7f:12:eb:67:2a:1d:9b:74:49:43",
        ),
        (
            "KeyName=ed&KeyType=ed25519&KeyFormat=pem",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "Sh4OzAEIn/2rPwkaaWbYmsFx7tqXf6M5L91On5fjPq8=",
        ),
        (
            "KeyName=putty&KeyType=rsa&KeyFormat=ppk",
            "PuTTY-User-Key-File-2: ssh-rsa",
            "8f:aa:85:30:16:91:33:08:17:6a:88:14:2d:ce:1d:d6:c6:f6:e7:f6",
        ),
        (
            "KeyName=small&KeyType=ed25519&KeyFormat=ppk",
            "PuTTY-User-Key-File-2: ssh-ed25519",
            "Fxr1wrid4SC3W1pSLf8urgVkyw3cKs38JTozaDUa9Cs=",
        ),
    ] {
        let made = world.does("CreateKeyPair", &format!("{params}&{tag}"));
        let material = between(&made, "keyMaterial").expect("a private key");
        assert!(material.starts_with(begins), "{material}");
        assert!(made.contains("<key>a</key>"), "{made}");
        assert_eq!(between(&made, "keyFingerprint"), Some(fingerprint), "{params}");
        let name = between(&made, "keyName").expect("a name");
        let kept = world.does("DescribeKeyPairs", &format!("KeyName.1={name}&IncludePublicKey=true"));
        assert_eq!(between(&kept, "keyFingerprint"), Some(fingerprint));
        let public = between(&kept, "publicKey").expect("a public key").to_owned();
        let import = format!("KeyName={name}-again&PublicKeyMaterial={}", STANDARD.encode(&public));
        let again = world.does("ImportKeyPair", &import);
        // A key that was made has another fingerprint than the same key imported, if it is an RSA one.
        let is_same = between(&again, "keyFingerprint") == Some(fingerprint);
        assert_eq!(is_same, public.starts_with("ssh-ed25519"));
    }
    world.refuses(
        "CreateKeyPair",
        "KeyName=plain",
        "InvalidKeyPair.Duplicate: The key pair 'plain' already exists.",
    );
    let unknown = world.ec2("CreateKeyPair", "KeyName=new&KeyType=dsa");
    assert!(unknown.starts_with("400 InvalidParameterValue: "), "{unknown}");
}
