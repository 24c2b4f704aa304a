import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")

# What is loaded here stays. To look again and again for what could go took a fifth of the start.
gc.disable()
application = get_wsgi_application()
gc.enable()
