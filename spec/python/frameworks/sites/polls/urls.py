from django.urls import path

from . import views

app_name = 'polls'
urlpatterns = [
    path('', views.IndexView.as_view(), name='index'),
    path('<int:pk>/', views.DetailView.as_view(), name='detail'),
    path('<int:pk>/results/', views.ResultsView.as_view(), name='results'),
    path('<int:question_id>/vote/', views.vote, name='vote'),
    path('pictures/', views.pictures, name='pictures'),
    path('pictures/<int:pk>/', views.picture, name='picture'),
    path('feed.json', views.feed, name='feed'),
    path('lines/', views.lines, name='lines'),
    path('fails/', views.fails, name='fails'),
]
