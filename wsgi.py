"""For any WSGI server: `gunicorn wsgi:application`. Loader and publisher run beside it with `affiliate worker`.

Settings come from AFFILIATE_CONFIG, else config.toml here, else defaults.
"""

from affiliate.app import Application
from affiliate.settings import load_settings

application = Application(load_settings()).wsgi()
