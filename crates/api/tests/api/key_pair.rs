//! Key pairs. Fingerprints were computed with OpenSSL: `ssh-keygen -e -m PKCS8 | openssl pkey -pubin -outform DER | openssl md5
//! -c` for RSA, `openssl dgst -sha256 -binary | base64` of the key's blob for ED25519.

use crate::world::World;
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
