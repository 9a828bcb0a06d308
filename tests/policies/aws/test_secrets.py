"""The names that secrets go by, what programs set in clear, and what is no secret."""

from __future__ import annotations

import pytest

from policies.aws.secrets import credential_in, in_clear, is_key_in_clear, is_secret_name, setting_in


@pytest.mark.parametrize(
    "name",
    """
    PGPASSWORD REDIS_PASSWORD redispassword RABBITMQ_DEFAULT_PASS RABBITMQ_ERLANG_COOKIE SECRET_KEY_BASE
    SPRING_DATASOURCE_PASSWORD spring.datasource.password MYSQL_ROOT_PASSWORD MYSQL_PWD MSSQL_SA_PASSWORD DB_PASS
    LDAP_BIND_PW GITLAB_TOKEN GITHUB_PAT NPM_TOKEN _authToken CI_JOB_TOKEN VAULT_DEV_ROOT_TOKEN_ID Jwt__Key
    JWT_SECRET_KEY clientSecret adminPassword X-Api-Key tunnel1_preshared_key secret_string password_wo DB_PASSWORD_1
    credentials
    REDISCLI_AUTH DBPASS DBPWD ROOTPASS SMTPPASS ADMINPASS bindpw ROOTPW STOREPASS KEYPASS AUTHTOKEN ACCESSTOKEN
    CLIENTSECRET JWTSECRET secretkey privatekey NEO4J_AUTH FERNET_KEY AIRFLOW__CORE__FERNET_KEY SESSION_KEY CRYPT_KEY
    TF_TOKEN_app_terraform_io APP_DBPASS DBPass
    """.split(),  # noqa: SIM905 — a paragraph is easier to read than quotes around each
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    """
    secret_arn DB_SECRET_ARN secret_name session_token_path db_password_parameter DB_PASSWORD_FILE password_length
    token_ttl http_tokens creation_token client_request_token lock_token kms_key_id public_key key_name access_key_id
    existingSecret hash_key bypass compass passenger
    trespass passage keypassage subtoken tokenizer secretary publickey ssh_key_name kms_key clienttoken accesskeyid
    storepath dbpwdfile author basic_auth decrypt_key tf_tokens
    """.split(),  # noqa: SIM905 — a paragraph is easier to read than quotes around each
)
def test_names_that_only_sound_like_one(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "arn:aws:secretsmanager:us-east-1:123456789012:secret:main-AbCdEf"),
        ("DB_PASSWORD", "prod/db/password"),
        ("DB_PASSWORD", "/run/secrets/db"),
        ("DB_PASSWORD", "{{resolve:secretsmanager:db}}"),
        ("DB_PASSWORD", "${DB_PASSWORD}"),
        ("DB_PASSWORD", "$(cat /run/db)"),
        ("db_password_secret", "ledger-db"),
        ("credentials", "key.json"),
        ("token", "https://sso.example.com/token"),
        ("token", "3600"),
        ("secret_string", "CHANGE_ME"),
        ("DB_PASSWORD", "${DB_PASSWORD:-}"),
        ("DB_PASSWORD", "${DB_PASSWORD:-$OTHER}"),
        ("DB_PASSWORD", "${DB_PASSWORD:-${OTHER}}"),
        ("DB_PASSWORD", "${DB_PASSWORD:?must be set}"),
        ("DB_PASSWORD", "${DB_PASSWORD:+set}"),
        ("NEO4J_AUTH", "none"),
        ("NEO4J_AUTH", "neo4j/${PASSWORD}"),
    ],
)
def test_values_that_only_say_where_a_secret_is(name: str, value: str) -> None:
    assert not in_clear(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter22"),
        ("DB_PASSWORD", "12345"),
        ("DB_PASSWORD", "CHANGE_ME"),
        ("DB_PASSWORD", "default"),
        ("DB_PASSWORD", "${DB_PASSWORD:-hunter22}"),
        ("DB_PASSWORD", "${DB_PASSWORD-hunter22}"),
        ("DB_PASSWORD", "${DB_PASSWORD:-${OTHER:=hunter22}}"),
        ("DBPWD", "12345"),
        ("NEO4J_AUTH", "neo4j/hunter22"),
        ("secret_access_key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz"),
        ("access_token_secret", "J6zix3FfA9LofH0awS24M3HcBYXO5nI1iYe8EfBA"),
    ],
)
def test_values_that_are_secrets(name: str, value: str) -> None:
    assert in_clear(name, value)


def test_a_key_with_a_name_that_says_little_has_to_look_like_one() -> None:
    assert is_key_in_clear("APP_KEY", "base64:0123456789abcdefABCDEF0123456789abcdefABCDE=")
    assert not is_key_in_clear("app_key", "shop")
    assert not is_key_in_clear("master_key", "alias/shop-master-key-2024")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("export PGPASSWORD=hunter22\n", "PGPASSWORD"),
        ("# DB_PASSWORD=hunter22\n", "DB_PASSWORD"),
        ("db:\n  password: hunter22\n", "password"),
        ("define('DB_PASSWORD', 'hunter22');", "DB_PASSWORD"),
        ('os.environ.setdefault("API_TOKEN", "hunter22")', "API_TOKEN"),
        ('ENV["SECRET_KEY_BASE"] = "0123456789abcdef"', "SECRET_KEY_BASE"),
        ("<dataSource><password>hunter22</password></dataSource>", "password"),
        ("//registry.npmjs.org/:_authToken=0123456789", "_authToken"),
        ("kubectl create secret generic db --from-literal=password=hunter22", "password"),
        ("helm upgrade db --set auth.password=hunter22", "auth.password"),
        ("gitlab-runner register --registration-token hunter22", "registration-token"),
        ("mysql -u root -phunter22 shop", "mysql -p"),
        ("redis-cli -a hunter22 ping", "redis-cli -a"),
        ("requirepass hunter22", "requirepass"),
        ("curl -u admin:hunter22 https://example.com", "curl -u"),
        ('curl -H "Authorization: Bearer 0123456789"', "an Authorization header"),
        ("docker login -u app -p hunter22", "login -p"),
        ('echo "root:hunter22" | chpasswd', "chpasswd"),
        ("#cloud-config\nchpasswd:\n  list: |\n    root:hunter22\n", "chpasswd"),
        ("CREATE USER 'app' IDENTIFIED BY 'hunter22'", "IDENTIFIED BY"),
        ("env:\n  - name: DB_PASSWORD\n    value: hunter22\n", "DB_PASSWORD"),
        ('"env":\n- "name": "DB_PASSWORD"\n  "value": "hunter22"\n', "DB_PASSWORD"),
        ("set:\r\n- key: api.token\r\n  value: 'hunter22'\r\n", "api.token"),
        ('$password = "hunter22"', "password"),
        ("$env:DB_PASSWORD='hunter22'", "DB_PASSWORD"),
        ('$login = ConvertTo-SecureString -String "hunter22" -AsPlainText -Force', "ConvertTo-SecureString"),
        ("DB_PASSWORD=Get-Hunter22", "DB_PASSWORD"),
        # A word of any length takes no longer than its letters.
        pytest.param(f"password: {'a' * 200_000}", "password", id="a long value"),
        pytest.param(f"{'a' * 200_000} DB_PASSWORD=hunter22", "DB_PASSWORD", id="a long word"),
        ("export REDISCLI_AUTH=hunter22", "REDISCLI_AUTH"),
        ("DBPASS=hunter22", "DBPASS"),
        ("bindpw: hunter22", "bindpw"),
        ("keytool -list -keystore app.jks -storepass hunter22", "storepass"),
        ('export TF_TOKEN_app_terraform_io="hunter22"', "TF_TOKEN_app_terraform_io"),
        ('net user Administrator "Hunter2xy!"', "net user"),
        ('<script>\nnet.exe user "Web App" Hunter2xy! /add\n</script>', "net user"),
        ('cmd /c "net user app Hunter2xy! /add"', "net user"),
        ("echo hunter22 | passwd --stdin app", "passwd --stdin"),
        ("echo -e 'hunter22\\nhunter22' | sudo passwd app", "passwd --stdin"),
        ("passwd --stdin app <<< hunter22", "passwd --stdin"),
        (
            'echo "hunter22" | docker login -u app --password-stdin registry.example.com',
            "login --password-stdin",
        ),
        ("printf '%s' hunter22 | sudo docker login -u app --password-stdin", "login --password-stdin"),
        ("docker login -u app --password-stdin <<< 'hunter22'", "login --password-stdin"),
        ("SET PASSWORD FOR root = PASSWORD('hunter22');", "SET PASSWORD"),
        ("mysql -e \"SET PASSWORD FOR 'root'@'localhost' = 'hunter22'\"", "SET PASSWORD"),
        ("machine github.com login app password hunter22", "netrc"),
        ("machine github.com\n  login app\n  password hunter22\n", "netrc"),
        ('echo "machine github.com\\nlogin app\\npassword hunter22" > ~/.netrc', "netrc"),
        ("DB_PASSWORD=${DB_PASSWORD:-hunter22}", "DB_PASSWORD"),
        ('DB_PASSWORD="${GIVEN:-"hunter22"}"', "DB_PASSWORD"),
        (': "${DB_PASSWORD:=hunter22}"', "DB_PASSWORD"),
        ('psql "$URL" -v pw="${DB_PASSWORD:-hunter22}"', "pw"),
        ("run ${DB_PASSWORD:-hunter22}", "DB_PASSWORD"),
        ("version: 0.2\nenv:\n  variables:\n    DB_PASSWORD: hunter22:x\n", "DB_PASSWORD"),
        (
            "env:\n  secrets-manager:\n    DB_PASSWORD: prod/db:password\n"
            "  variables:\n    API_KEY: prod/db:password\n",
            "API_KEY",
        ),
        (
            "env:\n  parameter-store:\n    A: b\nphases:\n  build:\n    commands:\n      - DB_PASSWORD=hunter22 run\n",
            "DB_PASSWORD",
        ),
        ("secrets-manager:\n  DB_PASSWORD: prod/db:password\n", "DB_PASSWORD"),
    ],
)
def test_what_programs_set_in_clear(text: str, name: str) -> None:
    assert setting_in(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "secret:\n  secretName: shop\n",
        "TOKEN=$(curl -s http://169.254.169.254/latest/api/token)",
        'password = os.environ["DB_PASSWORD"]',
        'password = get_secret("shop")',
        "connect(password=db_password)",
        "token = process.env.TOKEN",
        "password: string;",
        "# password: see the manual\n",
        "aws secretsmanager get-secret-value --secret-id arn:aws:secretsmanager:us-east-1:1:secret:shop/db-AbCdEf",
        "aws s3api list-objects --starting-token 0123456789",
        "mysql -u root -p$PASSWORD -P 3306",
        'curl -u "$USER:$PASSWORD" https://example.com',
        "docker login -u AWS --password-stdin",
        "export DB_PASSWORD_FILE=/run/secrets/db",
        "export APP_PRIVATE_KEY_SECRET_NAME=ledger-app",
        "kubectl get secret db-credentials",
        "#cloud-config\nchpasswd:\n  list: |\n    root:$6$rounds=4096$salt\n    app:RANDOM\n",
        'names = ["password", "token"]',
        "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db\n",
        "- name: DB_PASSWORD\n  value: $(PASSWORD)\n- name: DB_TOKEN\n  value: ${token}\n",
        "- name: DB_PASSWORD\n- name: value\n  value: hunter22\n",
        "- name: DB_PASSWORD_FILE\n  value: /run/secrets/db\n",
        "define('DB_PASSWORD', getenv('DB_PASSWORD'));",
        '$token=Invoke-RestMethod -Method PUT -Uri "http://169.254.169.254/latest/api/token"',
        "[string]$secret = (Get-SECSecretValue -SecretId shop).SecretString",
        "$password = $env:DB_PASSWORD",
        "$env:DB_PASSWORD = Get-SSMParameterValue -Name /shop/db",
        "$password = ConvertTo-SecureString $fetched -AsPlainText",
        "const password = await fetchSecret()",
        'Invoke-RestMethod -Headers @{"X-aws-ec2-metadata-token" = $token}',
        "password: !Ref DatabasePassword\n",
        "net user app /add",
        "net user app * /add",
        "net user app %PASSWORD% /add",
        "net user $env:APP_USER $env:APP_PASSWORD /add",
        "# the net user growth\nrun --password-file x",
        'echo "$PASSWORD" | passwd --stdin app',
        'echo "$env:TOKEN" | docker login -u app --password-stdin',
        "aws ecr get-login-password | docker login --username AWS --password-stdin",
        "cat /run/password | docker login -u app --password-stdin",
        "passwd --stdin app <<< $PASSWORD",
        "SET PASSWORD FOR root = PASSWORD('$ROOT_PASSWORD');",
        "SET PASSWORD FOR root = '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19';",
        "machine github.com login app password $GITHUB_PASSWORD",
        "The machine has login and password protection.",
        "DB_PASSWORD=${DB_PASSWORD:-}",
        'DB_PASSWORD="${DB_PASSWORD:-$OTHER}"',
        'DB_PASSWORD="${DB_PASSWORD:-"$OTHER"}"',
        "DB_PASSWORD=${DB_PASSWORD:?must be set}",
        ': "${DB_PASSWORD:?must be set}"',
        "run ${DB_PASSWORD:+--with} ${TOKEN:0:8} ${DB_PASSWORD:-$OTHER}",
        "keytool -list -storepass:file /run/store",
        "version: 0.2\nenv:\n  secrets-manager:\n    DB_PASSWORD: prod/db:password\n    # twice\n\n"
        "    API_KEY: prod/api:key:AWSCURRENT\n  parameter-store:\n    TOKEN: shop:token\n",
        '"env":\n  "secrets-manager":\n    "DB_PASSWORD": "prod/db:password"\n"version": 0.2\n',
        "env:\n  shell: bash\n  secrets-manager: {DB_PASSWORD: prod/db:password}\n",
    ],
)
def test_what_programs_take_from_elsewhere(text: str) -> None:
    assert not setting_in(text)


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        (("glpat", "-0123456789abcdefghij"), "GitLab token"),
        (("npm", "_0123456789abcdefghijklmnopqrstuvwxyz"), "npm token"),
        (("hvs", ".0123456789abcdefghij"), "Vault token"),
        (
            ("https://hooks.slack", ".com/services/T00000000/B00000000/0123456789abcdefghijklmn"),
            "Slack webhook",
        ),
        (("amqp://app:", "swordfish@mq.example.com:5671"), "password in a URL"),
        (("redis://:", "swordfish@cache.example.com:6379"), "password in a URL"),
        (("postgres://app", "@db.example.com:5432/shop"), ""),
        (("amqp://app:", "${PASSWORD}@mq.example.com"), ""),
    ],
)
def test_credentials_of_known_forms(pieces: tuple[str, str], kind: str) -> None:
    assert credential_in("".join(pieces)) == kind
