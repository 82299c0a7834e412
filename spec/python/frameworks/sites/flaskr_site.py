"""The application of Flask's tutorial, as its documentation deploys it."""
import os

from flaskr import create_app

application = create_app({'SECRET_KEY': 'for the specs', 'DATABASE': os.path.abspath('state/flaskr.sqlite')})
