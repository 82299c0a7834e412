"""A view of Django with a template, behind its usual middleware."""
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.template import engines
from django.urls import path

settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)
PAGE = "<ul>{% for item in items %}<li>{{ item.name }}: {{ item.size|filesizeformat }}</li>{% endfor %}</ul>"


def index(request):
    template = engines["django"].from_string(PAGE)
    items = [{"name": f"item {i} & more", "size": 1000 * i} for i in range(20)]
    return HttpResponse(template.render({"items": items}, request))


urlpatterns = [path("", index)]
app = get_wsgi_application()
