"""WordPress as Debian has it, with PHP's process manager, MariaDB and the essay as a post.

Debian's own theme, no plugin, opcache on as it comes; nginx hands the pages to two PHP processes.
All of it lies in one folder, speaks over sockets, and listens on loopback alone.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from practice import gunicorn_conf
from tests.benchmarks import essay
from tests.benchmarks.rounds import Served
from tests.faults.browser import Browser
from tests.faults.site import HOST, free_port, wait_until
from tests.throwaway_postgres import Missing

NAME = "WordPress"
SOURCE = Path("/usr/share/wordpress")
PACKAGES = "wordpress wordpress-theme-twentytwentythree php-fpm php-mysql mariadb-server"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"

WP_CONFIG = """<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{folder}/mysql.sock');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('WP_SITEURL', '{url}');
define('WP_HOME', '{url}');
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {{ define('ABSPATH', __DIR__ . '/'); }}
require_once ABSPATH . 'wp-settings.php';
"""
INSTALL = """<?php
$_SERVER['HTTP_HOST'] = '{host}';
define('WP_INSTALLING', true);
require '{folder}/wordpress/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
add_filter('pre_wp_mail', '__return_true');
wp_install('Practice', 'bench', 'bench@practice.example', true, '', 'of a benchmark alone');
wp_set_current_user(1);
$post = array('post_title' => 'Essay', 'post_name' => 'essay', 'post_status' => 'publish',
              'post_author' => 1, 'comment_status' => 'closed',
              'post_content' => file_get_contents('{folder}/essay.html'));
wp_insert_post($post);
$wp_rewrite->set_permalink_structure('/%postname%/');
$wp_rewrite->flush_rules();
"""
FPM = """
[global]
error_log = {folder}/fpm.log
daemonize = no
[www]
{user}
listen = {folder}/fpm.sock
pm = static
pm.max_children = {children}
"""
NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log crit;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log off;
    server {{
        listen {host};
        root {folder}/wordpress;
        location / {{
            fastcgi_param SCRIPT_NAME /index.php;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param REQUEST_URI $request_uri;
            fastcgi_param SERVER_PROTOCOL $server_protocol;
            fastcgi_param HTTP_HOST $http_host;
            fastcgi_param SCRIPT_FILENAME {folder}/wordpress/index.php;
            fastcgi_pass unix:{folder}/fpm.sock;
        }}
    }}
}}
"""


def program(*names: str) -> str:
    """The first of these that is installed. Raises Missing where none is."""
    found = [path for path in (shutil.which(name, path=PATH) for name in names) if path]
    if not found:
        raise Missing(f"WordPress cannot be served. On Debian: apt install {PACKAGES}")
    return found[0]


@contextlib.contextmanager
def running(folder: Path, html: str) -> Iterator[Served]:
    """Its page with the essay. Raises Missing where a part of it is not installed."""
    fpm = program(*(f"php-fpm8.{minor}" for minor in range(9, 1, -1)), "php-fpm")
    mariadb, nginx, php = program("mariadbd"), program("nginx"), program("php")
    if not SOURCE.is_dir() or not any((SOURCE / "wp-content" / "themes").glob("twenty*")):
        raise Missing(f"WordPress is missing. On Debian: apt install {PACKAGES}")
    folder.mkdir()
    host = f"{HOST}:{free_port()}"
    known = {"folder": folder, "host": host, "url": f"http://{host}"}
    shutil.copytree(SOURCE, folder / "wordpress", ignore_dangling_symlinks=True)
    (folder / "wordpress" / "wp-config.php").write_text(WP_CONFIG.format(**known))
    (folder / "essay.html").write_text(html)
    (folder / "install.php").write_text(INSTALL.format(**known))
    is_root = os.geteuid() == 0
    user = f"user = {pwd.getpwuid(os.geteuid()).pw_name}" if is_root else ""
    (folder / "fpm.conf").write_text(FPM.format(user=user, children=gunicorn_conf.workers, **known))
    (folder / "nginx.conf").write_text(NGINX.format(**known))
    with contextlib.ExitStack() as at_the_end:
        database = at_the_end.enter_context(mariadb_in(folder, mariadb))
        done = subprocess.run([php, folder / "install.php"], capture_output=True, text=True)
        assert not done.returncode, done.stdout + done.stderr
        as_root = ["-R"] if is_root else []
        php_pool = started([fpm, "-y", folder / "fpm.conf", "-F", *as_root], folder)
        pids = [database, at_the_end.enter_context(php_pool)]
        wait_until((folder / "fpm.sock").exists, "PHP listens")
        front = [nginx, "-p", folder, "-e", folder / "nginx.log", "-c", folder / "nginx.conf"]
        pids.append(at_the_end.enter_context(started(front, folder)))
        page = Served(NAME, f"http://{host}/essay/", lambda: pids)
        wait_until(lambda: shows(page.url), "WordPress answers")
        yield page


def shows(url: str) -> bool:
    with contextlib.suppress(OSError):
        return essay.SENTENCE in Browser(url).get("").text
    return False


@contextlib.contextmanager
def mariadb_in(folder: Path, mariadb: str) -> Iterator[int]:
    """A fresh one with an empty database, which only this machine's own users reach."""
    install = program("mariadb-install-db")
    data = [f"--datadir={folder}/mysql"]
    data += ["--user=root"] if os.geteuid() == 0 else []
    own = ["--no-defaults", *data]
    options = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run([install, *own, *options], check=True, capture_output=True)
    listening = [f"--socket={folder}/mysql.sock", "--skip-networking"]
    with started([mariadb, *own, *listening], folder) as pid:
        client = [program("mariadb", "mysql"), "--no-defaults", f"--socket={folder}/mysql.sock"]
        make = [*client, "-uroot", "-e", "CREATE DATABASE wordpress"]
        wait_until(
            lambda: not subprocess.run(make, capture_output=True).returncode, "MariaDB answers"
        )
        yield pid


@contextlib.contextmanager
def started(command: list[object], folder: Path) -> Iterator[int]:
    with open(folder / "log", "ab") as log:
        process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)
