"""The views of Django's tutorial, then uploads, files, JSON, a stream, and an exception."""
from django import forms
from django.db.models import F
from django.http import FileResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views import generic

from .models import Choice, Picture, Question


class IndexView(generic.ListView):
    template_name = 'polls/index.html'
    context_object_name = 'latest_question_list'

    def get_queryset(self):
        return Question.objects.filter(pub_date__lte=timezone.now()).order_by('-pub_date')[:5]


class DetailView(generic.DetailView):
    model = Question
    template_name = 'polls/detail.html'

    def get_queryset(self):
        return Question.objects.filter(pub_date__lte=timezone.now())


class ResultsView(generic.DetailView):
    model = Question
    template_name = 'polls/results.html'


def vote(request, question_id):
    question = get_object_or_404(Question, pk=question_id)
    try:
        selected_choice = question.choice_set.get(pk=request.POST['choice'])
    except (KeyError, Choice.DoesNotExist):
        message = {'question': question, 'error_message': "You didn't select a choice."}
        return render(request, 'polls/detail.html', message)
    selected_choice.votes = F('votes') + 1
    selected_choice.save()
    return HttpResponseRedirect(reverse('polls:results', args=(question.id,)))


class PictureForm(forms.ModelForm):
    class Meta:
        model = Picture
        fields = ['title', 'file']


def pictures(request):
    form = PictureForm(request.POST or None, request.FILES or None)
    if request.method == 'POST' and form.is_valid():
        picture = form.save()
        return HttpResponseRedirect(reverse('polls:picture', args=(picture.id,)))
    return render(request, 'polls/pictures.html', {'form': form, 'pictures': Picture.objects.all()})


def picture(request, pk):
    found = get_object_or_404(Picture, pk=pk)
    return FileResponse(found.file.open('rb'), as_attachment='download' in request.GET, filename='picture.png')


def feed(request):
    rows = Question.objects.values('id', 'question_text')
    return JsonResponse({'questions': list(rows), 'language': request.headers.get('Accept-Language')})


def lines(request):
    return StreamingHttpResponse(('line %d\n' % number for number in range(200)), content_type='text/plain')


def fails(request):
    raise ValueError('on purpose')
