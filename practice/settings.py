"""One settings module, driven by the environment.

`.env` at the top of the project is read if it is there; the environment itself goes first.
docs/operator/settings.md explains each variable. Whatever is unsafe in production is a numbered
check in the `checks.py` of the room that it is about.
"""

import re
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from practice import contacts
from practice.environment import site_url
from practice.jurisdiction import zone_data
from practice.mail import services as mail_services

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "data")))
# What a practice has of its own and an update never touches: templates/, static/, settings.env.
PRACTICE_DIR = Path(env.str("PRACTICE_DIR", default=str(DATA_DIR / "own")))
env.read_env(PRACTICE_DIR / "settings.env")

with suppress(OSError):  # whoever needs it says so better
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)


def required(name: str) -> str:
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(
            f"{name} isn't set, or its line in .env isn't NAME=value without spaces. "
            "`make run` writes one to .env; see docs/operator/by-hand.md."
        )
    return value


SECRET_KEY = required("SECRET_KEY")
# The first key encrypts; every key decrypts. Whoever loses them loses every request on file.
FIELD_ENCRYPTION_KEYS = required("FIELD_ENCRYPTION_KEYS").split(",")

ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else []
)
SITE_URL = site_url.normal(
    env.str("SITE_URL", default=f"http://localhost:{env.str('PORT', default='8000')}")
)
CSRF_FAILURE_VIEW = "practice.accounts.sealed.refuse"
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL.startswith("https://") else []

INSTALLED_APPS = [
    "practice",
    "blog",
    "booking",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.contrib.sitemaps",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_filters",
    "django.forms",  # so that our forms find both our templates and Django's
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "anymail",
    "django.contrib.sitemaps",  # the template that Wagtail's sitemap is written with
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "practice.http.middleware.RequestId",
    "practice.http.waits.OneBudget",
    "practice.pagecache.middleware.PageCache",
    "practice.http.middleware.PrivacyHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "practice.accounts.middleware.SessionActivity",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "practice.accounts.middleware.SecondFactor",
    "practice.deletion.asking.AsksFirst",
    "practice.http.malformed.MalformedRequests",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "practice.http.redirects.Redirects",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "practice.urls"
WSGI_APPLICATION = "practice.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PRACTICE_DIR / "templates", BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wagtail.contrib.settings.context_processors.settings",
            ],
        },
    },
]

# SQLite: with synchronous=NORMAL the write-ahead log made 0 syncs in 100 commits (measured),
# so a request could be acknowledged and then lost. IMMEDIATE transactions and a busy timeout
# keep 64 writers without an error; deferred ones failed 895 times in 1,280.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
        "PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
    ),
}
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
DATABASES["default"]["CONN_MAX_AGE"] = 600  # practice/worker/connections.py may end one before
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Nobody waits for long: neither for a server that is away, nor behind somebody's lock. And
    # whoever stopped in the middle of a transaction, as a process that hangs, lets go of its locks.
    _options = DATABASES["default"].setdefault("OPTIONS", {})
    _options.setdefault("connect_timeout", 5)
    _options.setdefault("options", "-c lock_timeout=20s -c idle_in_transaction_session_timeout=60s")
WAITS_AT_MOST = env.float("WAITS_AT_MOST", default=8)  # seconds that a post may wait behind locks
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "practice.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword")
]

# --- Who gets in ---------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it stops who has guessed too often
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "wagtailadmin_home"
PASSWORD_RESET_TIMEOUT = 24 * 3600  # how long a link to choose a password is good for
SECOND_FACTOR_REQUIRED = not DEBUG

SESSION_ENGINE = "practice.accounts.sessions"
SESSION_COOKIE_AGE = 30 * 60  # idle; practice/accounts/sessions.py adds the twelve hours
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

ACCOUNT_ADAPTER = "practice.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]  # allauth asks; nobody signs up
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60  # how long a second factor shown again is good for
# Theirs count in the memory of one process, and by account alone, by which a stranger could shut
# the therapist out. Ours are django-axes and practice/models/tallies.py.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
ACCOUNT_FORMS = {
    "login": "practice.accounts.forms.SignInForm",
    "reauthenticate": "practice.accounts.forms.PasswordAgainForm",
    "reset_password": "practice.accounts.forms.ForgottenPasswordForm",
    "reset_password_from_key": "practice.accounts.forms.NewPasswordForm",
    "change_password": "practice.accounts.forms.OtherPasswordForm",
    "set_password": "practice.accounts.forms.FirstPasswordForm",
}
MFA_ADAPTER = "practice.accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # the device asks who is there
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # half a minute, for a clock that is wrong
MFA_FORMS = {
    "authenticate": "practice.accounts.forms.CodeForm",
    "reauthenticate": "practice.accounts.forms.CodeAgainForm",
    "add_webauthn": "practice.accounts.forms.PasskeyForm",
    "login_webauthn": "practice.accounts.forms.PasskeySignInForm",
    "authenticate_webauthn": "practice.accounts.forms.PasskeyStepForm",
    "reauthenticate_webauthn": "practice.accounts.forms.PasskeyAgainForm",
    "activate_totp": "practice.accounts.forms.FirstCodeForm",
}

AXES_HANDLER = "practice.accounts.lockout.LockoutHandler"  # which holds the limits
AXES_LOCKOUT_PARAMETERS = ["ip_address", ["username", "ip_address"]]
AXES_COOLOFF_TIME = timedelta(minutes=30)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "practice.accounts.lockout.address"
AXES_USERNAME_CALLABLE = "practice.accounts.lockout.account"
AXES_LOCKOUT_CALLABLE = "practice.accounts.lockout.respond"
AXES_DISABLE_ACCESS_LOG = True  # who signed in when is nobody's to keep
AXES_VERBOSE = False

LANGUAGE_CODE = "en-us"
zone_data.use_newest()
# In which the admin speaks of pages; consultations go by the practice's own setting.
TIME_ZONE = env.str("TIME_ZONE", default="America/Los_Angeles")
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
# Resolved, so that an update that lets a link lead elsewhere changes nothing for who runs.
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static"))).resolve()
STATICFILES_DIRS = [path for path in [PRACTICE_DIR / "static"] if path.is_dir()]
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_STORE = env.str("MEDIA_STORE", default="")  # s3://bucket/prefix, instead of MEDIA_ROOT
IN_FOLDER = "django.core.files.storage.FileSystemStorage"
STORAGES = {
    "default": {"BACKEND": "practice.media.uploads.InBucket" if MEDIA_STORE else IN_FOLDER},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_ALLOW_ALL_ORIGINS = False  # nobody else's pages have use for them

# In the memory of each process, which is all that one server needs, or in Redis or Valkey.
CACHE_URL = env.str("CACHE_URL", default="")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "KEY_PREFIX": SITE_URL,  # what Wagtail keeps there has the site's address in it
    }
}
if CACHE_URL:
    CACHES["renditions"] = dict(CACHES["default"])  # Wagtail keeps models there
    CACHES["default"] |= {
        "BACKEND": "practice.environment.shared_cache.SharedCache",
        "LOCATION": re.sub("^valkey", "redis", CACHE_URL),  # they speak alike
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }

# Hashes of what was erased, which outlives the database: a restored backup is held against it.
TOMBSTONES_FILE = Path(env.str("TOMBSTONES_FILE", default=str(DATA_DIR / "tombstones.txt")))

# --- Backups -------------------------------------------------------------------------------

BACKUP_TO = env.str("BACKUP_TO", default="")  # a folder, or s3://bucket/prefix
# The public key of age to which backups are encrypted; the private one is not on the server.
BACKUP_RECIPIENT = env.str("BACKUP_RECIPIENT", default="")
# None is kept for longer; the privacy page says how long.
BACKUP_DAYS = env.int("BACKUP_DAYS", default=35)

# Finished pages that each process keeps in memory; under DEBUG none, since templates change.
PAGE_CACHE_MB = env.int("PAGE_CACHE_MB", default=0 if DEBUG else 16)

# Name and telephone of the practice, for the page that is shown while the database is away.
OUTAGE_FILE = DATA_DIR / "outage.json"

EMAIL_FILE_PATH = DATA_DIR / "mail"  # where `make run` writes its mail
if DEBUG and "EMAIL_URL" not in env.ENVIRON:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
else:
    vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
EMAIL_TIMEOUT = 20  # Django's default is none at all, which hangs the worker
# Longer than sending one message can take: EMAIL_TIMEOUT counts for each exchange with the server.
OUTBOX_LEASE_SECONDS = env.int("OUTBOX_LEASE_SECONDS", default=300)
# How many seconds alerts are gathered for while nobody opens the request of the last one.
ALERTS_GATHERED_FOR = env.int("ALERTS_GATHERED_FOR", default=3600)
# In a day, from one address: a school, a clinic or a mobile carrier may share it.
REQUESTS_PER_ADDRESS = env.int("REQUESTS_PER_ADDRESS", default=100)
# Times that one network reserves in a day, and one email or phone at the same time.
RESERVATIONS_PER_VISITOR = env.int("RESERVATIONS_PER_VISITOR", default=2)
DEFAULT_FROM_EMAIL = contacts.wire(env.str("DEFAULT_FROM_EMAIL", default="practice@localhost"))
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# By the HTTPS of a mail service instead of by SMTP: one of those in practice/mail/services.py.
MAIL_SERVICE = env.str("MAIL_SERVICE", default="").lower()
MAIL_SERVICE_KEY = env.str("MAIL_SERVICE_KEY", default="")
MAIL_WEBHOOK_SECRET = env.str("MAIL_WEBHOOK_SECRET", default="")  # name:password
MAIL_WEBHOOK_SIGNING_KEY = env.str("MAIL_WEBHOOK_SIGNING_KEY", default="")
if MAIL_SERVICE:
    EMAIL_BACKEND = mail_services.backend(MAIL_SERVICE)
ANYMAIL = mail_services.for_anymail(
    MAIL_SERVICE,
    key=MAIL_SERVICE_KEY,
    api_url=env.str("MAIL_SERVICE_URL", default=""),
    sender_domain=env.str("MAIL_SERVICE_DOMAIN", default=DEFAULT_FROM_EMAIL.rpartition("@")[2]),
    secret=MAIL_WEBHOOK_SECRET,
    signing_key=MAIL_WEBHOOK_SIGNING_KEY,
    timeout=EMAIL_TIMEOUT,
)
DKIM_SELECTORS = env.list("DKIM_SELECTORS", default=[])  # which `check_mail` cannot guess

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_URL.startswith("https://")
if SESSION_COOKIE_SECURE:
    # By this prefix a browser takes them from this very host and over TLS alone (RFC 6265bis).
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie holds words
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_SSL_HOST = SITE_URL.partition("://")[2] if SITE_URL.startswith("https://") else None
SECURE_REDIRECT_EXEMPT = [r"^healthz/$", r"^readyz/$"]  # asked on the machine itself
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0 if DEBUG else 31536000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
SECURE_REFERRER_POLICY = "same-origin"
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"  # but for Wagtail's previews, which say otherwise themselves

DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a long essay's editor sends more than Django's 1,000

WAGTAIL_SITE_NAME = "Practice"
WAGTAILADMIN_BASE_URL = SITE_URL
WAGTAIL_I18N_ENABLED = False
WAGTAIL_ENABLE_UPDATE_CHECK = False  # asks a third party
WAGTAIL_GRAVATAR_PROVIDER_URL = None  # asks a third party
WAGTAILIMAGES_IMAGE_MODEL = "practice.SiteImage"
WAGTAILIMAGES_IMAGE_FORM_BASE = "practice.media.forms.ImageForm"
WAGTAILIMAGES_EXTENSIONS = ["jpg", "jpeg", "png", "webp", "heic"]
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 15 * 1024 * 1024
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 60_000_000
WAGTAILDOCS_DOCUMENT_FORM_BASE = "practice.media.forms.DocumentForm"
WAGTAILDOCS_EXTENSIONS = ["pdf", "docx", "odt", "txt"]
WAGTAILDOCS_MAX_UPLOAD_SIZE = 20 * 1024 * 1024
WAGTAILDOCS_INLINE_CONTENT_TYPES: list[str] = []  # each is saved, none opens within the site
WAGTAILDOCS_SERVE_METHOD = "serve_view"  # through Wagtail, so that privacy holds
WAGTAILEMBEDS_FINDERS: list[dict[str, str]] = []  # an embed would tell a third party who reads
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
# Passwords and addresses are changed under /account/ alone, where the second factor is asked.
WAGTAILADMIN_LOGIN_URL = WAGTAIL_FRONTEND_LOGIN_URL = LOGIN_URL
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILUSERS_PASSWORD_ENABLED = False
WAGTAIL_WORKFLOW_ENABLED = False  # one person writes and publishes

# --- Seeing without watching ---------------------------------------------------------------

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # without one, nobody reads /metrics
# Below this the site counts as not ready; the weekly mail warns at five times as much.
LEAST_FREE_MB = env.int("LEAST_FREE_MB", default=200)
# Of the site's own certificate, where it cannot be asked for at SITE_URL.
CERTIFICATE_FILE = env.str("CERTIFICATE_FILE", default="")

# No crash is sent by mail, and none is shown with what was typed: practice/http/logging.py.
DEFAULT_EXCEPTION_REPORTER = "practice.http.logging.DiscreetReporter"
LOG_FORMAT = env.str("LOG_FORMAT", default="line" if DEBUG else "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "practice.http.logging.RedactingFormatter",
            "format": "{asctime} {levelname} {name} {request_id} {message}",
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
            "style": "{",
        },
        "json": {"class": "practice.http.logging.JSONFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if LOG_FORMAT == "json" else "line",
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # These write titles and reasons that nobody asked to keep.
        "django_tasks": {"level": "WARNING"},
        "wagtail": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
    },
}
