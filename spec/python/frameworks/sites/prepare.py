"""Makes the databases that every pass begins with, in the folder `state`."""
import os

os.makedirs('state/uploads')

from flaskr import db  # noqa: E402
from flaskr_site import application  # noqa: E402

with application.app_context():
    db.init_db()

os.environ['DJANGO_SETTINGS_MODULE'] = 'polls_site.settings'
import django  # noqa: E402

django.setup()
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402

call_command('migrate', verbosity=0)
call_command('collectstatic', interactive=False, verbosity=0)
User.objects.create_superuser('admin', 'admin@polls.example', 'sesame')
